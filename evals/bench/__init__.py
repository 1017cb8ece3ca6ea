"""How fast what matters is, as a ratio to a named baseline measured in the same run."""
