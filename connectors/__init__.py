"""The systems of record: ports, the HTTP adapter, and a simulated twin."""
