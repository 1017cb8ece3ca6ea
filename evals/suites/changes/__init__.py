"""The suite of change requests: clients' messages held against contracts, to the gate of the order."""
