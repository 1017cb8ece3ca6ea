"""The plans suite: how close plans come to the shortest there is, and whether they are sound."""
