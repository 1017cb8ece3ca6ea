"""The staffing suite: who is found for a role, and whether they could really take it."""
