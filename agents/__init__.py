"""The LangGraph agent that talks with people and calls the governed tools."""
