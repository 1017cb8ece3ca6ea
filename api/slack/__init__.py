"""Slack: what people write and click there, and what they hear. docs/slack.md tells how an app is made."""
