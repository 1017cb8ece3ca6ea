"""Suites, scorers, gates and baselines."""
