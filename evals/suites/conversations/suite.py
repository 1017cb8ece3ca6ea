"""Conversations of people with the copilot, over several turns, judged by what they leave in the database."""

from pathlib import Path

from evals.talking.suite import conversation_suite

SUITE = conversation_suite(Path(__file__).parent)
