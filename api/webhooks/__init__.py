"""Webhooks out: signing, and reaching endpoints safely."""
