"""A policy from YAML."""

from models.policy import PolicySet
from models.yaml_text import parse_yaml


def parse_policy(text: str, file: str = "policy.yaml") -> PolicySet:
    """Raises BadInput naming line, field and reason of each fault."""
    return parse_yaml(text, file, PolicySet)
