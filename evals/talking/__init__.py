"""Conversations with the real copilot, played against a copy of a firm, and the world they leave behind."""
