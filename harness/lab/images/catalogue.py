"""`fixtures/images.yaml` as typed data: which logical images there are and how each can be had."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


class GoProgram(StrictModel):
    """A Go program compiled outside Docker; `module` is the folder, below fixtures/, with go.mod and go.sum."""

    module: str
    package: str
    output: str
    tags: tuple[str, ...] = ()


class RootfsRecipe(StrictModel):
    """A Debian file system made by mmdebstrap. `exclude` are path patterns that are not unpacked."""

    kind: Literal["rootfs"]
    folder: str
    suite: str
    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


class DockerfileRecipe(StrictModel):
    """A Dockerfile on a base image of this catalogue, with what lockout puts into its build context."""

    kind: Literal["dockerfile"]
    folder: str
    base: str
    site: bool = False
    shared: tuple[str, ...] = ()  # packages of fixtures/shared that join the folder's own in app/
    go: tuple[GoProgram, ...] = ()


Recipe = Annotated[RootfsRecipe | DockerfileRecipe, Field(discriminator="kind")]


class Contract(StrictModel):
    """What holds in either variant: `user` is uid[:gid] of the main process, `ports` what it listens on."""

    user: str
    ports: tuple[int, ...]


class ImageEntry(StrictModel):
    """One logical image. Without `pull` it is always built; without `build` it can only be pulled."""

    pull: str | None = None
    build: Recipe | None = None
    contract: Contract | None = None

    @model_validator(mode="after")
    def _obtainable(self) -> ImageEntry:
        if self.pull is None and self.build is None:
            raise ValueError("needs pull, build or both")
        return self


class _Document(StrictModel):
    images: dict[str, ImageEntry]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All logical images by name, and the folder that recipe folders are relative to."""

    images: dict[str, ImageEntry]
    fixtures: Path

    def entry(self, name: str) -> ImageEntry:
        """Raises EnvironmentUnusable for a name that is not in the catalogue."""
        try:
            return self.images[name]
        except KeyError:
            raise EnvironmentUnusable(
                f"there is no image {name!r}", (f"known images: {', '.join(sorted(self.images))}",)
            ) from None

    def by_pull_name(self, ref: str) -> str | None:
        """The logical image that the public name `ref` stands for, as in `image: hashicorp/vault:1.21.0`."""
        wanted = normalise(ref)
        for name, entry in self.images.items():
            if entry.pull is not None and normalise(entry.pull) == wanted:
                return name
        return None

    def base_of(self, name: str) -> str | None:
        build = self.entry(name).build
        return build.base if isinstance(build, DockerfileRecipe) else None


def normalise(ref: str) -> str:
    """One spelling for all names of a public image: default registry host and `library/` left out, with a tag."""
    rest, at, image_digest = ref.partition("@")
    first, slash, tail = rest.partition("/")
    if slash and first.endswith("docker.io"):
        rest = tail
    rest = rest.removeprefix("library/")
    if ":" not in rest.rpartition("/")[2] and not at:
        rest += ":latest"
    return rest + at + image_digest


def load_catalogue(fixtures: Path = FIXTURES) -> Catalogue:
    """Read and check `images.yaml`. Raises EnvironmentUnusable that names the file and every problem in it."""
    path = fixtures / "images.yaml"
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        document = _Document.model_validate_json(json.dumps(data))
    except OSError as err:
        raise EnvironmentUnusable(f"cannot read {path}: {err.strerror}") from err
    except yaml.YAMLError as err:
        raise EnvironmentUnusable(f"{path}: {err}") from err
    except ValidationError as err:
        problems = tuple(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in err.errors())
        raise EnvironmentUnusable(f"{path} is not a valid image catalogue", problems) from err
    catalogue = Catalogue(document.images, fixtures)
    _check_bases(catalogue, path)
    return catalogue


def _check_bases(catalogue: Catalogue, path: Path) -> None:
    for name in catalogue.images:
        seen = [name]
        while (base := catalogue.base_of(seen[-1])) is not None:
            if base not in catalogue.images:
                raise EnvironmentUnusable(f"{path}: images.{seen[-1]}.build.base: there is no image {base!r}")
            if base in seen:
                raise EnvironmentUnusable(f"{path}: images.{name}: bases go in a circle: {' → '.join([*seen, base])}")
            seen.append(base)
