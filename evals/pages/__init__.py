"""Runs as pages: what two of them differ in, one by itself, and the versions beside one another. Each page is
one file of HTML that needs nothing else."""
