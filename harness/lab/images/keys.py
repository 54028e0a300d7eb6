"""Content hashes: what an image or an ingredient is made from decides its name, so "present" is exact."""

from __future__ import annotations

from pathlib import Path

from harness.lab.errors import EnvironmentUnusable
from harness.lab.images.catalogue import Catalogue, DockerfileRecipe, GoProgram, RootfsRecipe
from harness.lab.store import digest, digest_tree

# raise when a builder changes what it makes from the same recipe
ROOTFS_REVISION = "1"
DOCKERFILE_REVISION = "1"
PYTHON_VERSION = "3.11"
SHARED = "shared"  # folder of fixtures
GO_LDFLAGS = "-s -w"


def go_key(program: GoProgram, fixtures: Path, arch: str) -> str:
    """Key of a compiled program: module files, package, tags, architecture; not the compiler's version."""
    module = fixtures / program.module
    return digest(
        "go",
        _read(module / "go.mod"),
        _read(module / "go.sum"),
        program.package,
        program.output,
        ",".join(program.tags),
        GO_LDFLAGS,
        arch,
    )[:20]


def site_key(lock: Path, arch: str) -> str:
    """Key of an installed Python site: its lock, the Python version, the architecture."""
    return digest("site", "1", _read(lock), PYTHON_VERSION, arch)[:20]


def rootfs_key(recipe: RootfsRecipe, fixtures: Path, arch: str) -> str:
    return digest("rootfs", ROOTFS_REVISION, recipe.model_dump_json(), _tree(fixtures / recipe.folder), arch)[:20]


def image_key(catalogue: Catalogue, name: str, arch: str, base_identity: str = "") -> str:
    """The 12 hex digits of the image's local tag. `base_identity` is the reference or id of the base it is built on."""
    build = catalogue.entry(name).build
    fixtures = catalogue.fixtures
    if isinstance(build, RootfsRecipe):
        return rootfs_key(build, fixtures, arch)[:12]
    if isinstance(build, DockerfileRecipe):
        programs = [go_key(program, fixtures, arch) for program in build.go]
        return digest(
            "dockerfile",
            DOCKERFILE_REVISION,
            build.model_dump_json(),
            _tree(fixtures / build.folder),
            *(_tree(fixtures / SHARED / package) for package in build.shared),
            base_identity,
            arch,
            *programs,
        )[:12]
    raise EnvironmentUnusable(f"image {name} has no recipe", ("it can only be pulled",))


def local_tag(name: str, key: str) -> str:
    return f"lockout/{name}:{key}"


def _tree(folder: Path) -> str:
    if not folder.is_dir():
        raise EnvironmentUnusable(f"there is no recipe folder {folder}", ("the clone is incomplete",))
    return digest_tree(folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise EnvironmentUnusable(f"cannot read {path}: {err.strerror}", ("the clone is incomplete",)) from err
