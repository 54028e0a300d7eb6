"""Images by the rule present, then pull, then build. What they are made of stands in `fixtures/images.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from harness.lab.engine import Engine
from harness.lab.errors import EnvironmentUnusable
from harness.lab.images.catalogue import Catalogue, load_catalogue
from harness.lab.images.docker_api import ApiError, DockerImages
from harness.lab.images.registry import Registries, engine_probe
from harness.lab.images.resolver import MODES, Mode, PlannedImage, ResolvedImage, Resolver
from harness.lab.progress import Progress, Silent
from harness.lab.store import Store

__all__ = [
    "MODES",
    "Catalogue",
    "Mode",
    "PlannedImage",
    "ResolvedImage",
    "by_pull_name",
    "collect",
    "load_catalogue",
    "mode_from",
    "plan",
    "resolve",
]


def mode_from(word: str) -> Mode:
    """The mode of that name. Raises EnvironmentUnusable for another word."""
    for mode in MODES:
        if word == mode:
            return mode
    raise EnvironmentUnusable(f"{word!r} is not a way to get images", (f"use one of {', '.join(MODES)}",))


def resolve(
    names: Iterable[str], mode: Mode, engine: Engine, progress: Progress | None = None
) -> dict[str, ResolvedImage]:
    """Make sure that the engine has the named images. Raises EnvironmentUnusable, ImageBuildFailed."""
    return _resolver(engine, progress).resolve(names, mode)


def plan(names: Iterable[str], mode: Mode, engine: Engine) -> list[PlannedImage]:
    """What `resolve` would do and why, bases first; changes nothing. Raises EnvironmentUnusable."""
    with _engine_errors():
        return _resolver(engine, None, note=False).plan(names, mode)


def by_pull_name(ref: str) -> str | None:
    """The logical image that a user's `image: hashicorp/vault:1.21.0` stands for, if the catalogue has it."""
    return load_catalogue().by_pull_name(ref)


def collect(engine: Engine) -> list[str]:
    """Remove superseded images made here, and what nobody needs in the cache; returns what was removed, in words.

    Raises EnvironmentUnusable.
    """
    with _engine_errors():
        tags = _resolver(engine, None).collect()
    return [*(f"image {tag}" for tag in tags), *(f"{path} in the cache" for path in Store().prune())]


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except ApiError as err:
        raise EnvironmentUnusable(f"the container engine failed: {err}") from err


def _resolver(engine: Engine, progress: Progress | None, note: bool = True) -> Resolver:
    store = Store()
    registries = Registries(engine_probe(engine.connect), store.root / "registry", engine.host, note)
    return Resolver(
        load_catalogue(),
        DockerImages(engine.client),
        engine.arch,
        registries,
        store,
        progress if progress is not None else Silent(),
    )
