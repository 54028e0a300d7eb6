"""The entry point: finds commands by file, and turns what a user can cause into a sentence and an exit code."""

from __future__ import annotations

import errno
import importlib
import pkgutil
import signal
import sys
from collections.abc import Callable

import click

import harness
import harness.cli.commands
from harness.cli import reader
from harness.cli.options import mention_dead_runs
from harness.lab.errors import EnvironmentUnusable

USAGE, INCONCLUSIVE, UNUSABLE, INTERRUPTED = 2, 3, 4, 130
DISK_TROUBLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
PUTS_RIGHT = frozenset({"heal", "gc", "completion", "stop"})  # commands that need not be told of killed runs


class CommandFolder(click.Group):
    """A group whose commands are the modules of ``harness.cli.commands``, imported only when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        modules = pkgutil.iter_modules(harness.cli.commands.__path__)
        return sorted(module.name.replace("_", "-") for module in modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"harness.cli.commands.{cmd_name.replace('-', '_')}").command
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        try:
            result: object = super().invoke(ctx)
        except BrokenPipeError as error:
            # Where the exit code says more than that all went well, the command itself sees to it.
            if not reader.has_left():
                raise EnvironmentUnusable("a connection broke; is the container engine still there?") from error
            reader.silence()
            return 0
        with reader.may_leave():
            return result

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f", did you mean '{near[0]}'?" if near else f"; there are {', '.join(self.list_commands(ctx))}"
            raise click.UsageError(f"no command '{args[0]}'{hint}", ctx) from error


@click.group(cls=CommandFolder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(harness.__version__, message="lockout %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Would your workloads survive losing their identity system?

    lockout starts a real Vault, an identity provider and workloads in containers, breaks the authentication layer
    on purpose, and proves from recorded evidence what each workload did about it.

    Exit codes: 0 pass, 1 fail, 2 bad usage or scenario, 3 inconclusive, 4 environment not usable, 130 interrupted.
    """
    if ctx.invoked_subcommand not in PUTS_RIGHT:
        mention_dead_runs()


def main() -> None:
    """Run the command line and exit."""
    code = guarded(lambda: cli.main(prog_name="lockout", standalone_mode=False))
    if code == INTERRUPTED:
        # All is undone and said. One more Ctrl-C, while Python shuts down, would only spoil the exit code.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


def guarded(run: Callable[[], object]) -> int:
    """The exit code of *run*; a traceback never reaches a user for anything a user can cause."""
    try:
        result = run()
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except Exception as error:
        code = _known_error(error)
        if code is None:
            raise
        # A list of problems, each with its place, needs no word in front.
        prefix = "" if hasattr(error, "problems") else click.style("error: ", fg="red", bold=True)
        click.echo(prefix + _words(error), err=True)
        return code
    return result if isinstance(result, int) else 0


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    return str(error)


def _known_error(error: Exception) -> int | None:
    # Looked up by name, because importing the modules that define them costs more than most commands take.
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"DocumentError", "UnknownScenarioError", "RunFolderError", "HistoryError", "ComposeRefused"}:
        return USAGE
    if names & {"EnvironmentUnusable", "FaultNotPossible"}:
        return UNUSABLE
    if isinstance(error, OSError) and (error.filename is not None or error.errno in DISK_TROUBLE):
        return UNUSABLE
    return None
