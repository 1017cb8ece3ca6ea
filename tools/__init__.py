"""The governed tools: what the copilot may look up, compute and propose."""
