"""What is made outside Docker and kept in the cache: Debian file systems, Go programs, Python sites."""

from __future__ import annotations

import compileall
import os
import py_compile
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.lab import apt
from harness.lab.errors import EnvironmentUnusable, ImageBuildFailed
from harness.lab.images.catalogue import GoProgram, RootfsRecipe
from harness.lab.images.keys import GO_LDFLAGS, PYTHON_VERSION, go_key, rootfs_key, site_key
from harness.lab.process import LineSink, output_of, run_logged
from harness.lab.store import Store

OLDEST_GO = (1, 21)  # the first that fetches the toolchain that a go.mod names
KNOWN_GO = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go", "/opt/homebrew/bin/go")
NO_GO = "no Go compiler found that is 1.21 or newer"
_OTHER_ARCH_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}
_DOCUMENTATION = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*/LC_MESSAGES/*")


@dataclass(frozen=True, slots=True)
class Kitchen:
    """Where ingredients are made: the cache, the fixtures folder, the engine's architecture (amd64, arm64), the log.

    `line` gets each line of output, `say` a sentence for the user.
    """

    store: Store
    fixtures: Path
    arch: str
    image: str
    log: Path
    line: LineSink
    say: Callable[[str], None]

    def _waiting(self) -> None:
        self.say(f"image {self.image}: another lockout process is making a part of it, waiting")

    def fail(self, why: str, tail: tuple[str, ...]) -> ImageBuildFailed:
        return ImageBuildFailed(self.image, why, tail, self.log)

    def rootfs(self, recipe: RootfsRecipe) -> Path:
        """The tar file of a Debian file system."""
        key = rootfs_key(recipe, self.fixtures, self.arch)
        return (
            self.store.obtain("rootfs", key, lambda folder: self._bootstrap(recipe, folder), self._waiting)
            / "rootfs.tar"
        )

    def _bootstrap(self, recipe: RootfsRecipe, folder: Path) -> None:
        if missing := missing_for_rootfs():
            if not apt.can_install():
                raise EnvironmentUnusable(f"image {self.image} cannot be built here: {missing}", ROOTFS_HINTS)
            self.say("installing Debian's mmdebstrap")
            apt.install(["mmdebstrap", "debian-archive-keyring"], self.line, self.log)
        host_arch = output_of(["dpkg", "--print-architecture"])
        if host_arch not in (None, self.arch):
            raise EnvironmentUnusable(
                f"image {self.image} cannot be built here: this machine is {host_arch}, the engine is {self.arch}",
                ("run lockout on the engine's machine, or let the engine pull the public image",),
            )
        self.say(f"image {self.image}: making a Debian file system with {', '.join(recipe.include)}")
        hooks = self.fixtures / recipe.folder
        command = [
            "mmdebstrap",
            "--variant=minbase",
            f"--architectures={self.arch}",
            f"--include={','.join(recipe.include)}",
        ]
        command += [f"--dpkgopt=path-exclude={pattern}" for pattern in (*_DOCUMENTATION, *recipe.exclude)]
        for name in ("essential", "customize"):
            hook = hooks / f"{name}-hook.sh"
            if hook.is_file():
                # its text, not its path: in the user namespace of mmdebstrap a private home cannot be read
                command.append(f"--{name}-hook={hook.read_text(encoding='utf-8')}")
        target = folder / "rootfs.tar"
        command += [recipe.suite, str(target)]
        uris = apt.debian_uris()
        sources = folder / "sources.list"
        if uris:  # the machine's own mirror; where it has none (Ubuntu), mmdebstrap knows the default one
            # a file, as the address of a private mirror may hold a password
            sources.touch(0o600)
            sources.write_text(f"deb [signed-by={apt.KEYRING}] {uris[0]} {recipe.suite} main\n", encoding="utf-8")
            command.append(str(sources))
        result = run_logged(command, self.log, self.line, apt.quiet_environment())
        sources.unlink(missing_ok=True)
        if result.code != 0:
            raise self.fail(f"mmdebstrap failed (exit {result.code})", result.tail)

    def go_program(self, program: GoProgram) -> Path:
        """The compiled program's file."""
        key = go_key(program, self.fixtures, self.arch)
        folder = self.store.obtain("go", key, lambda folder: self._compile(program, folder), self._waiting)
        return folder / program.output

    def _compile(self, program: GoProgram, folder: Path) -> None:
        go = find_go()
        if go is None:
            raise EnvironmentUnusable(f"image {self.image} cannot be built here: {NO_GO}", GO_HINTS)
        self.say(f"image {self.image}: compiling {program.output} (several minutes the first time)")
        command = [go, "build", "-v", "-mod=readonly", "-ldflags", GO_LDFLAGS]
        if program.tags:
            command += ["-tags", ",".join(program.tags)]
        command += ["-o", str(folder / program.output), program.package]
        env = {**os.environ, "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": self.arch, "GOWORK": "off"}
        result = run_logged(command, self.log, self.line, env, cwd=self.fixtures / program.module)
        if result.code != 0:
            raise self.fail(f"go build {program.package} failed (exit {result.code})", result.tail)

    def site(self, lock: Path) -> Path:
        """A folder with the packages of a lock, for the engine's architecture."""
        if not lock.is_file():
            raise EnvironmentUnusable(f"image {self.image}: there is no {lock}", ("the clone is incomplete",))
        key = site_key(lock, self.arch)
        return self.store.obtain("site", key, lambda folder: self._install(lock, folder), self._waiting) / "site"

    def _install(self, lock: Path, folder: Path) -> None:
        self.say(f"image {self.image}: fetching its Python packages")
        machine = _OTHER_ARCH_NAMES.get(self.arch, self.arch)
        target = folder / "site"
        target.mkdir()
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile"]
        command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--target", str(target), "-r", str(lock)]
        command += ["--python-version", PYTHON_VERSION, "--implementation", "cp", "--root-user-action=ignore"]
        for tag in ("manylinux_2_28", "manylinux_2_17", "manylinux2014"):
            command += ["--platform", f"{tag}_{machine}"]
        result = run_logged(command, self.log, self.line)
        if result.code != 0:
            raise self.fail(f"pip install of {lock} failed (exit {result.code})", result.tail)
        shutil.rmtree(target / "bin", ignore_errors=True)  # scripts point to this machine's Python
        precompile(target)


def precompile(folder: Path) -> None:
    """Compile to bytecode, if our Python writes what the images' Python reads; the source is not checked again."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == PYTHON_VERSION:
        compileall.compile_dir(
            str(folder),
            quiet=2,
            workers=0 if sys.platform == "linux" else 1,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


PULL_HINT = "let the engine reach an image registry, so that the public image can be pulled (--images pull tries)"
ROOTFS_HINTS = (
    PULL_HINT,
    "or, on Debian or Ubuntu: sudo apt-get install mmdebstrap debian-archive-keyring uidmap",
    "or run this once as root: what root builds, the engine then has for every user",
)
GO_HINTS = (
    PULL_HINT,
    "or install Go 1.21 or newer (older ones cannot fetch the toolchain that Vault needs)",
)


def missing_for_rootfs() -> str | None:
    """Why no Debian file system can be made here, None if it can."""
    if sys.platform != "linux":
        return "Debian file systems can only be made on Linux"
    if shutil.which("mmdebstrap") is None:
        return "mmdebstrap is not installed"
    if not apt.KEYRING.exists():
        return "debian-archive-keyring is not installed"
    if os.geteuid() != 0 and not (shutil.which("newuidmap") or shutil.which("fakechroot")):
        return "mmdebstrap works for root, or for users where newuidmap (Debian's uidmap) is installed"
    return None


def find_go() -> str | None:
    """A Go compiler that is new enough: on PATH, or where its installer puts it."""
    for candidate in (shutil.which("go"), *KNOWN_GO):
        if candidate and os.access(candidate, os.X_OK) and _go_version(candidate) >= OLDEST_GO:
            return candidate
    return None


def _go_version(program: str) -> tuple[int, ...]:
    # local: it shall tell its own version, not fetch another
    words = output_of([program, "version"], env={**os.environ, "GOTOOLCHAIN": "local"}) or ""
    found = re.search(r"go(\d+)\.(\d+)", words)
    return tuple(map(int, found.groups())) if found else ()
