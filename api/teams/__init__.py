"""Microsoft Teams: a bot, its cards and its message extension."""
