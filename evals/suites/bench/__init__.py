"""The bench suite: who has little to do in the next month, and how many hours everybody has."""
