"""The copilot as a process of its own: what it serves, how the desk reaches it, how the desk keeps one."""
