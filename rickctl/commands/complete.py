"""`rickctl complete --shell …`: the completion script of a shell, drawn from the commands themselves; runs none."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.main import get_command

from rickctl.commands.options import app_of, contract, noun
from rickctl.commands.table import NOUNS, Noun
from rickctl.domain.errors import UsageError
from rickctl.render.shells import FILES, draw_script
from rickctl.services.grammar import Branch, Flag, Place, Verb, slot_of

cli = noun("Completion scripts for bash, zsh, fish and PowerShell.")

ShellOption = Annotated[
    str, typer.Option("--shell", metavar="SHELL", help="bash, zsh, fish or powershell", show_default=False)
]


@cli.command()
@contract(shape="text", fields=())
def complete(context: typer.Context, shell: ShellOption) -> None:
    """Print the completion script of a shell: commands, options, values, and symbols, accounts and orders by asking.

    Keep what is printed where your shell looks for it; docs/completions.md says where that is.
    """
    chosen = shell.strip().lower()
    if chosen not in FILES:
        message = f"shell {shell!r} is not one of {', '.join(FILES)}"
        raise UsageError(message, code="bad_shell")
    app_of(context).out.write(draw_script(chosen, read_branches()))


def read_branches() -> list[Branch]:
    """The whole command tree as a completion needs it."""
    return [_read_branch(found) for found in NOUNS]


def _read_branch(found: Noun) -> Branch:
    built = get_command(import_module(found.module).cli)
    verbs = getattr(built, "commands", None)
    if verbs is None:
        return Branch(found.name, found.summary, (_read_verb(found.name, built),))
    shown = {name: verb for name, verb in verbs.items() if not verb.hidden}
    return Branch(
        found.name, found.summary, tuple(_read_verb(f"{found.name} {name}", verb) for name, verb in shown.items())
    )


def _read_verb(path: str, command: Any) -> Verb:  # noqa: ANN401 - typer publishes no type for what it builds
    own = [parameter for parameter in command.params if parameter.name != "help"]
    return Verb(
        path,
        (command.help or "").strip().partition("\n")[0],
        tuple(_read_flag(path, one) for one in own if one.param_type_name == "option" and not one.hidden),
        tuple(_read_place(path, one) for one in own if one.param_type_name == "argument"),
    )


def _read_flag(path: str, option: Any) -> Flag:  # noqa: ANN401 - as above
    names = (*option.opts, *option.secondary_opts)
    if option.is_flag or option.count:
        return Flag(names, option.help or "", "", None)
    metavar = option.metavar or ""
    return Flag(names, option.help or "", metavar, slot_of(path, option.name, metavar, _choices(option)))


def _read_place(path: str, argument: Any) -> Place:  # noqa: ANN401 - as above
    metavar = argument.metavar or argument.name.upper()
    return Place(metavar, slot_of(path, argument.name, metavar, _choices(argument)), argument.nargs == -1)


def _choices(parameter: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """The words a parameter is limited to; an enumeration gives its values."""
    return tuple(str(getattr(choice, "value", choice)) for choice in getattr(parameter.type, "choices", ()))
