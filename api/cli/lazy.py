"""Command groups that import a command when it is asked for, so that no command waits for another's
libraries."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup


def lazy_group(commands: Mapping[str, str]) -> type[TyperGroup]:
    """A group of `{name: "module:attribute"}`, where the attribute is a command function or a typer app."""

    class LazyGroup(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return list(commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in commands:
                return None
            module, _, attribute = commands[cmd_name].partition(":")
            found = getattr(import_module(module), attribute)
            if not isinstance(found, typer.Typer):
                single = typer.Typer(add_completion=False)
                single.command(cmd_name)(found)
                found = single
            command = typer.main.get_command(found)
            command.name = cmd_name
            return command

    return LazyGroup
