"""Clients' messages held against contracts: the finding, the clause and the price of each item."""
