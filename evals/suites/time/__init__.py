"""The time suite: which time entries should not be billed as they are, and what is the matter with them."""
