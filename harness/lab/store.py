"""Where lockout keeps things outside the clone, and how it writes there safely.

Cache: artefacts that can be made again (binaries, tarballs, Python sites, plugins), each in a folder named by the
hash of all that went into it. State: what must be remembered (an engine that lockout started).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.lab.errors import EnvironmentUnusable

DAY = 86400.0  # seconds
KINDS = ("go", "plugins", "rootfs", "site")


def cache_dir() -> Path:
    """`$LOCKOUT_CACHE`, else `$XDG_CACHE_HOME/lockout`, else `~/.cache/lockout`."""
    return _named("LOCKOUT_CACHE") or (_named("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockout"


def state_dir() -> Path:
    """`$XDG_STATE_HOME/lockout`, else `~/.local/state/lockout`."""
    return (_named("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "lockout"


def _named(variable: str) -> Path | None:
    """The folder that a variable names, absolute: some of the programs we start have another working folder."""
    value = os.environ.get(variable)
    return Path(value).expanduser().absolute() if value else None


def make_dir(path: Path) -> Path:
    """Create `path` with its parents. Raises EnvironmentUnusable if the machine does not let us."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        variable = "XDG_STATE_HOME" if path.is_relative_to(state_dir()) else "LOCKOUT_CACHE"
        raise EnvironmentUnusable(
            f"cannot create {path}: {err.strerror}",
            (f"set {variable} to a folder you may write to", "or make that folder writable"),
        ) from err
    return path


@contextmanager
def file_lock(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on `path` across processes. The kernel releases it when the holder dies.

    `waiting` is called once if another process holds the lock.
    """
    make_dir(path.parent)
    with path.open("a+b") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def write_atomically(path: Path, text: str, *, durable: bool = False, shared: bool = False) -> None:
    """Write a small file so that a reader sees the old or the new content, never half of it.

    `durable`: also after a power cut, at the price of a few milliseconds. `shared`: others may read it.
    """
    make_dir(path.parent)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as handle:
            handle.write(text)
            if shared:
                os.fchmod(fd, 0o644)
            if durable:
                handle.flush()
                os.fsync(handle.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class Store:
    """Artefacts by kind and key below one root; a folder that exists is complete."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else cache_dir()

    def path(self, kind: str, key: str) -> Path:
        return self.root / kind / key

    def has(self, kind: str, key: str) -> bool:
        return self.path(kind, key).is_dir()

    def obtain(
        self,
        kind: str,
        key: str,
        make: Callable[[Path], None],
        waiting: Callable[[], None] | None = None,
    ) -> Path:
        """The artefact's folder; `make(folder)` fills it if it is not there yet.

        Filled under a temporary name and renamed when complete, so an interrupted or concurrent start never
        leaves or sees half an artefact. Whatever `make` raises is passed on, with nothing left behind.
        """
        final = self.path(kind, key)
        if final.is_dir():
            self.touch(kind, key)
            return final
        with file_lock(self.root / "locks" / f"{kind}-{key}.lock", waiting):
            if final.is_dir():
                return final
            make_dir(final.parent)
            self._sweep(final.parent, f".{key}.")
            partial = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{key}."))
            try:
                make(partial)
                partial.chmod(0o755)
                partial.rename(final)
            except BaseException:
                remove_tree(partial)
                raise
        return final

    def touch(self, kind: str, key: str) -> None:
        """Note that an artefact was used today: prune() goes by that."""
        with suppress(OSError):
            os.utime(self.path(kind, key))

    def prune(self, unused_for: float = 14 * DAY, now: float | None = None) -> list[Path]:
        """Remove artefacts that were obtained or touched no later than so many seconds ago; returns them.

        What makers that were killed left half made goes, too, after a day. All can be made again.
        """
        moment = time.time() if now is None else now
        found = [(folder, unused_for) for kind in KINDS for folder in (self.root / kind).glob("[!.]*")]
        partial = [self.root.glob(".context-*"), *((self.root / kind).glob(".*") for kind in KINDS)]
        found += [(folder, DAY) for folders in partial for folder in folders]
        removed = []
        for folder, limit in sorted(found):
            if folder.is_dir() and moment - folder.stat().st_mtime >= limit:
                remove_tree(folder)
                removed.append(folder)
        return removed

    @staticmethod
    def _sweep(folder: Path, prefix: str) -> None:
        # we hold the lock of this key, so anything partial under it belongs to a process that was killed
        for leftover in folder.glob(f"{prefix}*"):
            remove_tree(leftover)


def remove_tree(path: Path) -> None:
    """Remove a folder with all in it, also what is read-only (as Go's module cache is)."""

    def make_writable(function: Callable[..., object], name: str, _exc: object) -> None:
        Path(name).parent.chmod(0o700)
        Path(name).chmod(0o700)
        function(name)

    shutil.rmtree(path, onerror=make_writable)


def digest(*parts: str | bytes) -> str:
    """SHA-256 over length-prefixed parts, as hex; the prefix keeps ("ab", "c") and ("a", "bc") apart."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "big"))
        sha.update(data)
    return sha.hexdigest()


def digest_tree(folder: Path, ignore: frozenset[str] = frozenset({"__pycache__"})) -> str:
    """SHA-256 of a folder: every file's path, whether it is executable, and its bytes; order-independent.

    Times, owners and hidden files do not count.
    """
    parts: list[str | bytes] = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part in ignore or part.startswith(".") for part in relative.parts):
            continue
        if path.is_symlink():
            parts += [relative.as_posix(), "link", str(path.readlink())]
        elif path.is_file():
            executable = "x" if path.stat().st_mode & 0o100 else "-"
            parts += [relative.as_posix(), executable, path.read_bytes()]
    return digest(*parts)


def is_fresh(path: Path, seconds: float) -> bool:
    """Whether `path` exists and was written less than `seconds` ago (a time in the future is not fresh)."""
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return False
    return 0 <= age < seconds
