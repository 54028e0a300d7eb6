"""The run folder: what a run leaves behind, and all that ``lockout judge`` needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.report.model import RunInfo


class RunFolderError(Exception):
    """A folder that is not a run's, or lacks something; the message says what and where."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where everything lies in *path*."""

    path: Path

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.jsonl"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def info(self) -> Path:
        return self.path / "info.json"

    @property
    def scenarios(self) -> Path:
        """Holds a copy of the scenario under its own file name, because that name is part of it."""
        return self.path / "scenario"

    def scenario(self) -> Path:
        found = sorted(self.scenarios.glob("*.scenario.yaml"))
        if not found:
            raise RunFolderError(f"{self.scenarios}: no copy of the scenario; is {self.path} a run folder?")
        return found[0]

    def write_info(self, info: RunInfo) -> None:
        """Replace what was known before, whole or, with an OSError, not at all."""
        temporary = self.info.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(info), indent=2))
        temporary.replace(self.info)

    def read_info(self) -> RunInfo:
        """What was known when the run ended. Raises RunFolderError."""
        try:
            return msgspec.json.decode(self.info.read_bytes(), type=RunInfo)
        except FileNotFoundError as error:
            raise RunFolderError(f"{self.info} is missing: the run was killed, or this is no run folder") from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise RunFolderError(f"{self.info} is damaged: {error}") from error


def find_run(name_or_path: str, root: Path) -> RunFolder:
    """The run called *name_or_path*: a folder, a run's id, the unique beginning of one, or ``latest``.

    Raises RunFolderError with the runs that there are.
    """
    direct = Path(name_or_path)
    if (direct / "events.jsonl").exists():
        return RunFolder(direct)
    known = sorted(path for path in root.glob("*") if (path / "events.jsonl").exists()) if root.is_dir() else []
    if name_or_path == "latest" and known:
        return RunFolder(known[-1])
    matching = [path for path in known if path.name == name_or_path] or [
        path for path in known if path.name.startswith(name_or_path)
    ]
    if len(matching) == 1:
        return RunFolder(matching[0])
    if len(matching) > 1:
        raise RunFolderError(f"'{name_or_path}' fits several runs: {', '.join(path.name for path in matching[-5:])}")
    there = f"the last ones are {', '.join(path.name for path in known[-3:])}" if known else f"there are none in {root}"
    raise RunFolderError(f"no run '{name_or_path}'; {there}")
