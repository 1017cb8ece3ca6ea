"""Postgres: the only SQL."""
