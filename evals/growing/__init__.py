"""Suites grow from what people override, and no case is one that was learnt from."""
