"""`rickctl schema`: the whole command tree as JSON, read off the commands themselves; describes, never runs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

from rickctl import __version__
from rickctl.commands.options import Contract, app_of, contract, noun
from rickctl.commands.table import NOUNS, Noun
from rickctl.domain.errors import ExitCode
from rickctl.render.write import json_text

cli = noun("The command tree as JSON.")

SCHEMA_FIELDS = ("name", "version", "exit_codes", "commands")


@cli.command()
@contract(shape="object", fields=SCHEMA_FIELDS)
def schema(context: typer.Context) -> None:
    """Print every command with its arguments, the shape of its JSON, its exit codes and whether it changes anything."""
    tree = {
        "name": "rickctl",
        "version": __version__,
        "exit_codes": {str(int(code)): code.name.lower() for code in ExitCode},
        "commands": [entry for found in NOUNS for entry in describe_noun(found)],
    }
    out = app_of(context).out
    out.write(json_text(tree) + "\n")


def describe_noun(found: Noun) -> list[dict[str, Any]]:
    """The commands of one noun, each with its full name."""
    built = get_command(import_module(found.module).cli)
    verbs = getattr(built, "commands", None)
    if verbs is None:
        return [_describe(found.name, built)]
    return [_describe(f"{found.name} {name}", verb) for name, verb in verbs.items()]


def _describe(name: str, command: Any) -> dict[str, Any]:  # noqa: ANN401 - typer publishes no type for what it builds
    promised: Contract = command.callback.contract
    return {
        "command": name,
        "help": (command.help or "").strip().partition("\n")[0],
        "mutates": promised.mutates,
        "output": {"shape": promised.shape, "fields": list(promised.fields)},
        "exit_codes": list(promised.exits),
        "parameters": [_describe_parameter(parameter) for parameter in command.params if parameter.name != "help"],
    }


def _describe_parameter(parameter: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    default = parameter.default
    return {
        "name": parameter.name,
        "kind": parameter.param_type_name,
        "flags": list(parameter.opts) if parameter.param_type_name == "option" else [],
        "type": parameter.type.name,
        "required": parameter.required,
        "many": parameter.nargs != 1 or bool(getattr(parameter, "multiple", False)),
        "default": default if isinstance(default, (str, int, bool)) else None,
        "help": getattr(parameter, "help", None),
    }
