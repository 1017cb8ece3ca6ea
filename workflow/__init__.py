"""Proposals, gates, decisions, effects, audit: the only writer of those tables."""
