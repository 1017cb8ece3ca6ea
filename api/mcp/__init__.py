"""The governed tools for other agents, by the Model Context Protocol: the same people, permissions, gates and
audit as everywhere. Nothing is decided here (docs/decisions/0012-an-agent-proposes-a-person-signs.md)."""
