"""Debian's package tools: what lockout installs or fetches with them, and from where.

Package sources are never named in lockout's own files: they are read from the machine's apt configuration.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.lab.errors import EnvironmentUnusable
from harness.lab.process import LineSink, run_logged

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_COMMENT = re.compile(r"^\s*#")
_MIRROR_FILE = "mirror+file://"  # with a file that lists the archive's addresses, as Debian's cloud images have it


@dataclass(frozen=True, slots=True)
class System:
    """The operating system, as `/etc/os-release` tells it. `ids` holds ID and ID_LIKE."""

    ids: frozenset[str]
    name: str

    @property
    def is_debian_family(self) -> bool:
        return bool(self.ids & {"debian", "ubuntu"})


def read_system(os_release: Path = Path("/etc/os-release")) -> System:
    """This machine's system; an empty one where there is no such file (macOS)."""
    values: dict[str, str] = {}
    try:
        for line in os_release.read_text(encoding="utf-8").splitlines():
            key, separator, value = line.partition("=")
            if separator:
                values[key.strip()] = value.strip().strip('"')
    except OSError:
        return System(frozenset(), "")
    ids = frozenset([values.get("ID", ""), *values.get("ID_LIKE", "").split()]) - {""}
    return System(ids, values.get("PRETTY_NAME", values.get("ID", "")))


def debian_uris(apt_dir: Path = Path("/etc/apt")) -> tuple[str, ...]:
    """The archive URIs of this machine's own Debian package sources, in the order they are written, without repeats.

    Security and third-party archives are left out (they hold other suites). Empty on machines that have none.
    """
    files = [apt_dir / "sources.list"]
    parts = apt_dir / "sources.list.d"
    if parts.is_dir():
        files += sorted([*parts.glob("*.list"), *parts.glob("*.sources")])
    found: list[str] = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            continue
        found += _deb822(text) if path.suffix == ".sources" else _one_line(text)
    return tuple(dict.fromkeys(found))


def _main_archives(uris: Sequence[str], components: Sequence[str]) -> list[str]:
    if "main" not in components:
        return []
    return [uri for uri in map(_resolved, uris) if uri.rstrip("/").endswith("/debian")]


def _resolved(uri: str) -> str:
    """*uri*, or the first address in the list that it names."""
    if uri.startswith(_MIRROR_FILE):
        with suppress(OSError):
            lines = Path(uri.removeprefix(_MIRROR_FILE)).read_text(encoding="utf-8").splitlines()
            return next((line.split()[0] for line in lines if line.startswith(("http://", "https://"))), uri)
    return uri


def _one_line(text: str) -> list[str]:
    uris: list[str] = []
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*\]", " ", line).split()
        if len(words) >= 4 and words[0] == "deb":
            uris += _main_archives(words[1:2], words[3:])
    return uris


def _deb822(text: str) -> list[str]:
    uris: list[str] = []
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in stanza.splitlines():
            if _COMMENT.match(line):
                continue
            if line[:1].isspace():
                fields[key] = f"{fields.get(key, '')} {line.strip()}"
            else:
                key, _, value = line.partition(":")
                key = key.strip().lower()
                fields[key] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            uris += _main_archives(fields.get("uris", "").split(), fields.get("components", "").split())
    return uris


def quiet_environment() -> dict[str, str]:
    """The environment for apt: it must never ask, and it must speak English, as we read its output."""
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def install(packages: Sequence[str], line: LineSink, log: Path) -> None:
    """`apt-get install` as root, refreshing the package lists first if they are missing or too old.

    Raises EnvironmentUnusable with apt's last words if it does not work out.
    """
    command = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", *packages]
    result = run_logged(command, log, line, quiet_environment())
    if result.code != 0:
        run_logged(["apt-get", "update", "-o", "DPkg::Lock::Timeout=120"], log, line, quiet_environment())
        result = run_logged(command, log, line, quiet_environment())
    if result.code != 0:
        raise EnvironmentUnusable(
            f"apt-get install {' '.join(packages)} failed (exit {result.code})",
            (*result.tail[-8:], f"full log: {log}", "install these packages by hand, then start again"),
        )


def can_install() -> bool:
    """Whether this process may install Debian packages here."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and read_system().is_debian_family


def can_fetch() -> bool:
    """Whether packages of another Debian suite can be fetched and verified here."""
    return all(shutil.which(tool) for tool in ("apt-get", "dpkg-deb")) and KEYRING.exists() and bool(debian_uris())


def fetch_package(package: str, suite: str, folder: Path, line: LineSink, log: Path) -> Path | None:
    """Download one package of another Debian suite into `folder`; the machine's own sources stay as they are.

    apt verifies the archive's signature with Debian's keyring and the package's hash by that. None if there is no
    Debian archive in this machine's sources, no keyring, or the suite does not have the package.
    """
    uris = debian_uris()
    if not can_fetch():
        return None
    private = folder / f"apt-{suite}"
    for name in ("lists/partial", "cache/archives/partial"):
        (private / name).mkdir(parents=True, exist_ok=True)
    sources = private / "sources.list"
    sources.write_text("".join(f"deb [signed-by={KEYRING}] {uri} {suite} main\n" for uri in uris[:1]))
    options: list[str] = []
    for key, value in (
        ("Dir::Etc::SourceList", str(sources)),
        ("Dir::Etc::SourceParts", "/dev/null"),
        ("Dir::Etc::Preferences", "/dev/null"),
        ("Dir::Etc::PreferencesParts", "/dev/null"),
        ("Dir::State::Lists", str(private / "lists")),
        ("Dir::Cache", str(private / "cache")),
        ("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", "false"),
        ("Acquire::Languages", "none"),
        ("Debug::NoLocking", "true"),
        ("APT::Sandbox::User", ""),  # the private folders are not readable for the user _apt
    ):
        options += ["-o", f"{key}={value}"]
    if run_logged(["apt-get", *options, "update"], log, line, quiet_environment()).code != 0:
        return None
    fetched = run_logged(["apt-get", *options, "download", package], log, line, quiet_environment(), cwd=folder)
    packages = sorted(folder.glob(f"{package}_*.deb"))
    return packages[0] if fetched.code == 0 and packages else None
