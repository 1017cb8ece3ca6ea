"""The policies suite: which gate an action meets in the firm's database, and who may sign it."""
