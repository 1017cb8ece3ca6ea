"""The suites: a folder each."""
