"""Docker Compose v2: use what is there, else install Ubuntu's, fetch Debian's, or compile it.

Where the docker command has no usable plugin, lockout keeps one in its own cache and runs it directly; the user's
`~/.docker` is never written. Compose 2.24.4 is the oldest that will do: `!reset` and `!override` in merged files,
inline configs. buildx is not needed: Compose carries its own BuildKit client for `build:` sections of a user's file
(proved with engine 20.10), and lockout's images use the engine's classic builder (see images/docker_api.py).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.lab import apt
from harness.lab.errors import EnvironmentUnusable
from harness.lab.images.catalogue import FIXTURES
from harness.lab.images.ingredients import find_go
from harness.lab.process import output_of, run_logged
from harness.lab.progress import Progress, Silent
from harness.lab.store import Store, digest, make_dir

Version = tuple[int, int, int]
MINIMUM: Version = (2, 24, 4)
PACKAGE = "docker-compose"  # Debian's name for it, and the program's
UBUNTU_PACKAGE = "docker-compose-v2"
SUITES = ("trixie", "sid")  # Debian suites that have it; what is in sid may want a newer libc than this machine has
OWN = "lockout's cache"
BUILT = "2.40.3"  # the version that fixtures/toolchain/compose/go.mod names
_GO_PACKAGE = "github.com/docker/compose/v2/cmd"
_GO_VERSION = "github.com/docker/compose/v2/internal.Version"
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
Ask = Callable[[tuple[str, ...]], str | None]


@dataclass(frozen=True, slots=True)
class Compose:
    """A usable Compose: `command` starts it (arguments follow), `source` says where it was found."""

    command: tuple[str, ...]
    version: str
    source: str


def parse_version(text: str) -> Version | None:
    """(2, 40, 3) of texts such as `2.40.3-3` or `Docker Compose version v2.40.3-desktop.1`; None if there is none."""
    match = _VERSION.search(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


def find_compose(store: Store | None = None, ask: Ask = output_of) -> tuple[Compose | None, str]:
    """The Compose that is there already, if any, and a few words on what was found. Changes nothing."""
    own = _cached(store or Store())
    places = [(("docker", "compose"), "the docker command's plugin"), ((PACKAGE,), f"{PACKAGE} on PATH")]
    if own.exists():
        places.append(((str(own),), OWN))
    found = "there is none"
    for command, source in places:
        version = parse_version(ask((*command, "version", "--short")) or "")
        if version is None:
            continue
        if version >= MINIMUM:
            return Compose(command, dotted(version), source), f"{dotted(version)} ({source})"
        found = f"{source} is version {dotted(version)}"
    return None, found


def way_to_get() -> str | None:
    """How `ensure_compose` would provide it on this machine; None if it cannot."""
    if _may_install_ubuntus():
        return f"install Ubuntu's {UBUNTU_PACKAGE}"
    if apt.can_fetch():
        return f"fetch Debian's {PACKAGE} into lockout's cache (14 MB)"
    if find_go() is not None:
        return f"compile Compose {BUILT} into lockout's cache (several minutes)"
    return None


def ensure_compose(progress: Progress | None = None, store: Store | None = None) -> Compose:
    """Compose 2.24.4 or newer. Raises EnvironmentUnusable, saying what to install."""
    show, keep = progress or Silent(), store or Store()
    compose, found = find_compose(keep)
    if compose is not None:
        if compose.source == OWN:
            keep.touch(*_key())
        return compose
    log = make_dir(keep.root / "logs") / "compose.log"
    log.write_text("", encoding="utf-8")
    if _may_install_ubuntus():
        show.step(f"installing Ubuntu's {UBUNTU_PACKAGE} (to forbid: LOCKOUT_INSTALL_ENGINE=never)")
        with suppress(EnvironmentUnusable):  # older releases do not have it; its log names what was tried
            apt.install([UBUNTU_PACKAGE], show.update, log)
        compose, found = find_compose(keep)
        if compose is not None:
            show.done(f"Docker Compose {compose.version} is ready")
            return compose

    ways: list[Callable[[Path, Progress, Path], bool]] = [partial(_from_debian, suite) for suite in SUITES]

    def make(folder: Path) -> None:
        for provide in (*ways, _from_go):
            if provide(folder, show, log):
                version = parse_version(output_of((str(folder / PACKAGE), "version", "--short")) or "")
                if version is not None and version >= MINIMUM:
                    show.done(f"Docker Compose {dotted(version)} is ready")
                    return
        raise EnvironmentUnusable(
            f"Docker Compose {dotted(MINIMUM)} or newer is needed: {found}", (*how_to_get(), f"what was tried: {log}")
        )

    keep.obtain(*_key(), make, lambda: show.step("another lockout process is fetching Docker Compose, waiting"))
    compose, found = find_compose(keep)
    if compose is None:
        raise EnvironmentUnusable(f"Docker Compose was fetched but does not run: {found}", how_to_get())
    return compose


def how_to_get() -> tuple[str, ...]:
    """What a person can do to get Compose on this system."""
    if sys.platform == "darwin":
        return ("Docker Desktop and OrbStack bring it", "or: brew install docker-compose")
    return (
        "install the package docker-compose-plugin (Docker's own packages) or docker-compose-v2 (Ubuntu)",
        "or put the docker-compose program of version 2 into ~/.docker/cli-plugins",
        "or install Go, and lockout compiles it",
    )


def _may_install_ubuntus() -> bool:
    forbidden = os.environ.get("LOCKOUT_INSTALL_ENGINE", "").lower() == "never"
    return not forbidden and apt.can_install() and "ubuntu" in apt.read_system().ids


def _key() -> tuple[str, str]:
    # whichever suite it came from will do, so their order does not count
    return "plugins", f"compose-{digest(dotted(MINIMUM), *sorted(SUITES), BUILT)[:12]}"


def _cached(store: Store) -> Path:
    return store.path(*_key()) / PACKAGE


def _from_debian(suite: str, folder: Path, progress: Progress, log: Path) -> bool:
    if not apt.can_fetch():
        return False
    progress.step(f"Docker Compose: fetching Debian's {PACKAGE} ({suite})")
    scratch = folder / "scratch"
    scratch.mkdir()
    try:
        package = apt.fetch_package(PACKAGE, suite, scratch, progress.update, log)
        if package is None:
            return False
        unpacked = scratch / "unpacked"
        if run_logged(["dpkg-deb", "-x", str(package), str(unpacked)], log, progress.update).code != 0:
            return False
        for path in unpacked.rglob(PACKAGE):
            if path.is_file() and os.access(path, os.X_OK) and path.parent.name == "cli-plugins":
                shutil.copy2(path, folder / PACKAGE)
                return True
        return False
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _from_go(folder: Path, progress: Progress, log: Path) -> bool:
    go = find_go()
    if go is None:
        return False
    progress.step(f"Docker Compose: compiling {BUILT} (several minutes the first time)")
    ldflags = f"-s -w -X {_GO_VERSION}=v{BUILT}"
    command = [go, "build", "-v", "-mod=readonly", "-ldflags", ldflags, "-o", str(folder / PACKAGE), _GO_PACKAGE]
    env = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    return run_logged(command, log, progress.update, env, cwd=FIXTURES / "toolchain" / "compose").code == 0
