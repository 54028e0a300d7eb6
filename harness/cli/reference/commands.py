"""The page of the commands."""

from __future__ import annotations

import click

from harness.cli.main import cli
from harness.cli.reference.markdown import prose, table


def commands() -> list[str]:
    root = click.Context(cli, info_name="lockout")
    lines = ["# Commands", "", *prose(cli.help or ""), ""]
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        if command is not None:
            lines += _command(command, name, root, level=2)
    return lines


def _command(command: click.Command, name: str, parent: click.Context, level: int) -> list[str]:
    """A command, and the commands below it."""
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    heading = context.command_path.partition(" ")[2]
    lines = [f"{'#' * level} {heading}", "", *prose(command.help or ""), "", "```text", usage, "```", ""]
    options = [one for one in command.get_params(context) if isinstance(one, click.Option) and "--help" not in one.opts]
    lines += table(("option", "meaning", "default", "variable"), [_option(one, context) for one in options])
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            lines += _command(command.commands[inner], inner, context, level + 1)
    return lines


def _option(option: click.Option, context: click.Context) -> tuple[str, ...]:
    written = ", ".join(f"`{name}`" for name in option.opts)
    if not option.is_flag:
        written += " NUMBER" if isinstance(option.type, click.IntRange) else f" {option.make_metavar(context)}"
    default = f"`{option.default}`" if option.show_default else ""
    return written, option.help or "", default, f"`{option.envvar}`" if option.envvar else ""
