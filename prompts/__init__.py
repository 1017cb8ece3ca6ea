"""Versioned prompt texts and their loader."""
