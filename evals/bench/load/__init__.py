"""Many people at once: how the served desk, copilot and worker bear them, beside a bare LangGraph service
under the same load, on the same machine, in the same run. It stays on this machine and stops by itself."""
