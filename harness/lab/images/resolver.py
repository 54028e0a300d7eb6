"""Present, then pull, then build: the rule by which every image is obtained, and its execution."""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from harness.lab import apt
from harness.lab.errors import EnvironmentUnusable, ImageBuildFailed
from harness.lab.images.catalogue import Catalogue, DockerfileRecipe, ImageEntry, RootfsRecipe
from harness.lab.images.context import write_context
from harness.lab.images.docker_api import ApiError, ImageApi
from harness.lab.images.ingredients import NO_GO, Kitchen, find_go, missing_for_rootfs, precompile
from harness.lab.images.keys import SHARED, go_key, image_key, local_tag, rootfs_key
from harness.lab.images.registry import Registries
from harness.lab.process import TAIL
from harness.lab.progress import Progress
from harness.lab.store import Store, file_lock, make_dir

Mode = Literal["auto", "pull", "build", "present"]
MODES: tuple[Mode, ...] = get_args(Mode)
Variant = Literal["present", "pulled", "built"]
Origin = Literal["public", "local"]
Action = Literal["use-public", "use-local", "pull", "build", "impossible"]
LABEL = "lockout.image"
NOT_PACKED = shutil.ignore_patterns("__pycache__", ".*")
KEEP_YOUNGER = 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class ResolvedImage:
    """An image that the engine has.

    `ref` is what to write behind `image:`, `image_id` the engine's id (sha256:…) to put on record, `variant` how it was
    obtained just now, `origin` whether it is the public image or the one made here.
    """

    name: str
    ref: str
    variant: Variant
    image_id: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """What `resolve` would do. `why` is a sentence; `lacking` what it could not do without (empty: nothing)."""

    name: str
    action: Action
    ref: str
    why: str
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """`refused`: it would have been pulled, if only the registry had answered."""

    action: Action
    why: str
    refused: bool = False


def decide(
    entry: ImageEntry,
    mode: Mode,
    public_present: bool,
    local_present: bool,
    refusal: Callable[[], str | None],
) -> Decision:
    """The rule itself. `refusal` asks whether the registry can be used, and is called only if that matters."""
    public, buildable = entry.pull is not None, entry.build is not None
    if public_present and not (mode == "build" and buildable):
        return Decision("use-public", "the public image is present")
    if local_present and (mode != "pull" or not public):
        return Decision("use-local", "built here before from the same recipe")
    if mode == "present":
        return Decision("impossible", "it is not present, and nothing may be pulled or built (--images present)")
    if mode == "build" and buildable:
        return Decision("build", "building is demanded (--images build)")
    if not public:
        return Decision("build", "it is not published anywhere")
    if mode == "pull":
        return Decision("pull", "pulling is demanded (--images pull)")
    why = refusal()
    if why is None:
        return Decision("pull", "not present; the image registry answers")
    if buildable:
        return Decision("build", f"not present; {why}", refused=True)
    return Decision("impossible", f"not present, {why}, and it has no recipe", refused=True)


class Resolver:
    """Obtains images for one engine. `arch` is the engine's architecture in Go's spelling (amd64, arm64)."""

    def __init__(
        self, catalogue: Catalogue, api: ImageApi, arch: str, registries: Registries, store: Store, progress: Progress
    ) -> None:
        self._catalogue = catalogue
        self._api = api
        self._arch = arch
        self._registries = registries
        self._store = store
        self._progress = progress
        self._resolved: dict[tuple[str, Mode], ResolvedImage] = {}

    def resolve(self, names: Iterable[str], mode: Mode) -> dict[str, ResolvedImage]:
        """All the named images, each present in the engine when this returns.

        Raises EnvironmentUnusable (also as ImageBuildFailed) for the first that cannot be had.
        """
        return {name: self._one(name, mode) for name in dict.fromkeys(names)}

    def plan(self, names: Iterable[str], mode: Mode) -> list[PlannedImage]:
        """What `resolve` would do, bases included, without doing it. May ask a registry whether it answers (3 s)."""
        planned: dict[str, PlannedImage] = {}
        for name in dict.fromkeys(names):
            self._plan_one(name, mode, planned)
        return list(planned.values())

    def collect(self) -> list[str]:
        """Remove tags `lockout/*` of images made here that no recipe leads to any more; returns what was removed.

        Those that a container uses stay, and so do those that are not an hour old.
        """
        current = set()
        for name in self._catalogue.images:
            for identity in self._possible_bases(name):
                current.add(self._tag(name, identity))
        # a young one may belong to another clone's run that is about to start
        limit = time.time() - KEEP_YOUNGER
        ours = sorted(self._api.tags("lockout/", LABEL).items())
        stale = [tag for tag, made in ours if tag not in current and made < limit]
        return [tag for tag in stale if self._api.remove(tag)]

    def _possible_bases(self, name: str) -> list[str]:
        base = self._catalogue.base_of(name)
        if base is None:
            return [""]
        identities = [self._tag(base, identity) for identity in self._possible_bases(base)]
        pull = self._catalogue.entry(base).pull
        public = self._api.image_id(pull) if pull is not None else None
        return identities + ([public] if public is not None else [])

    def _tag(self, name: str, base_identity: str) -> str:
        if self._catalogue.entry(name).build is None:
            return f"lockout/{name}:none"
        return local_tag(name, image_key(self._catalogue, name, self._arch, base_identity))

    def _look(self, name: str, mode: Mode) -> tuple[ImageEntry, str | None, Decision]:
        """The entry, the tag its local build has or would have (None: no recipe), and the decision."""
        entry = self._catalogue.entry(name)
        public = entry.pull is not None and self._api.image_id(entry.pull) is not None
        tag = self._local_name(name, mode) if entry.build is not None else None
        local = tag is not None and self._api.image_id(tag) is not None
        return entry, tag, decide(entry, mode, public, local, lambda: self._registries.refusal(entry.pull or ""))

    def _local_name(self, name: str, mode: Mode) -> str:
        base = self._catalogue.base_of(name)
        if base is None:
            return self._tag(name, "")
        entry, tag, decision = self._look(base, mode)
        if decision.action in ("use-public", "pull") and entry.pull is not None:
            return self._tag(name, self._api.image_id(entry.pull) or entry.pull)
        return self._tag(name, tag or "")

    def _one(self, name: str, mode: Mode) -> ResolvedImage:
        known = self._resolved.get((name, mode))
        if known is None:
            try:
                known = self._obtain(name, mode)
            except ApiError as err:
                if _is_no_space(str(err)):
                    raise _no_space(name, "the container engine") from err
                raise EnvironmentUnusable(f"image {name}: the container engine failed: {err}") from err
            except OSError as err:
                if err.errno == errno.ENOSPC:
                    raise _no_space(name, str(self._store.root)) from err
                raise
            self._resolved[name, mode] = known
        return known

    def _obtain(self, name: str, mode: Mode) -> ResolvedImage:
        entry, tag, decision = self._look(name, mode)
        if decision.refused and self._cannot_be_made(entry, decision):
            self._registries.forget()  # it may have been silent for a moment only, and all depends on it
            entry, tag, decision = self._look(name, mode)
        if decision.action == "impossible":
            raise EnvironmentUnusable(f"image {name}: {decision.why}", _ways_out(entry, decision))
        if decision.action == "use-local" and tag is not None:
            return self._present(name, tag, "local")
        if decision.action == "use-public" and entry.pull is not None:
            return self._present(name, entry.pull, "public")
        if decision.action == "pull" and entry.pull is not None:
            try:
                return self._pull(name, entry.pull)
            except ApiError as err:
                if mode == "pull" or entry.build is None:
                    raise EnvironmentUnusable(
                        f"image {name}: cannot pull {entry.pull}: {err}", _ways_out(entry, decision)
                    ) from err
                self._progress.update(f"image {name}: pull failed ({err}), building it instead")
                return self._build_on_base(name, entry, mode)
        return self._build_on_base(name, entry, mode)

    def _cannot_be_made(self, entry: ImageEntry, decision: Decision) -> bool:
        return decision.action == "impossible" or bool(self._plan_build(entry, decision.why)[1])

    def _present(self, name: str, ref: str, origin: Origin) -> ResolvedImage:
        return ResolvedImage(name, ref, "present", self._api.image_id(ref) or "", origin)

    def _pull(self, name: str, ref: str) -> ResolvedImage:
        self._progress.step(f"image {name}: pulling {ref}")
        begin = time.monotonic()
        image_id = self._api.pull(ref, self._progress.update)
        self._progress.done(f"image {name}: pulled {ref} in {time.monotonic() - begin:.0f} s")
        return ResolvedImage(name, ref, "pulled", image_id, "public")

    def _build_on_base(self, name: str, entry: ImageEntry, mode: Mode) -> ResolvedImage:
        base_name = self._catalogue.base_of(name)
        base = self._one(base_name, mode) if base_name is not None else None
        tag = self._tag(name, "" if base is None else _identity(base))
        if self._api.image_id(tag) is not None:
            return self._present(name, tag, "local")
        with file_lock(
            self._store.root / "locks" / f"image-{name}.lock",
            lambda: self._progress.step(f"image {name}: another lockout process is building it, waiting"),
        ):
            if self._api.image_id(tag) is not None:
                return self._present(name, tag, "local")
            return self._build(name, entry, tag, base)

    def _build(self, name: str, entry: ImageEntry, tag: str, base: ResolvedImage | None) -> ResolvedImage:
        log = make_dir(self._store.root / "logs") / f"image-{name}.log"
        log.write_text("", encoding="utf-8")
        kitchen = Kitchen(
            self._store, self._catalogue.fixtures, self._arch, name, log, self._progress.update, self._progress.step
        )
        self._progress.step(f"image {name}: building")
        begin = time.monotonic()
        try:
            if isinstance(entry.build, RootfsRecipe):
                tar = kitchen.rootfs(entry.build)
                image_id = self._api.import_tar(tar, tag, (*entry.build.changes, f"LABEL {LABEL}={name}"))
            elif isinstance(entry.build, DockerfileRecipe) and base is not None:
                image_id = self._build_dockerfile(name, entry.build, tag, base, kitchen)
            else:
                raise EnvironmentUnusable(f"image {name} has no recipe")
        except ImageBuildFailed as err:
            if any(_is_no_space(line) for line in (err.message, *err.tail)):
                raise _no_space(name, "the container engine or the cache") from err
            raise
        self._progress.done(f"image {name}: built in {time.monotonic() - begin:.0f} s as {tag}")
        return ResolvedImage(name, tag, "built", image_id, "local")

    def _build_dockerfile(
        self, name: str, recipe: DockerfileRecipe, tag: str, base: ResolvedImage, kitchen: Kitchen
    ) -> str:
        folder = self._catalogue.fixtures / recipe.folder
        extra: dict[str, Path] = {f"bin/{program.output}": kitchen.go_program(program) for program in recipe.go}
        lines: list[str] = []

        def line(text: str) -> None:
            lines.append(text)
            self._progress.update(text)

        make_dir(self._store.root)
        with tempfile.TemporaryDirectory(dir=self._store.root, prefix=".context-") as scratch:
            if recipe.site:
                extra["site"] = kitchen.site(folder / "requirements.lock")
            if (folder / "app").is_dir():
                app = Path(scratch) / "app"
                shutil.copytree(folder / "app", app, ignore=NOT_PACKED)
                for package in recipe.shared:
                    shutil.copytree(self._catalogue.fixtures / SHARED / package, app / package, ignore=NOT_PACKED)
                precompile(app)
                extra["app"] = app
            context = Path(scratch) / "context.tar"
            write_context(context, folder, extra)
            if self._tag(name, _identity(base)) != tag:
                raise ImageBuildFailed(name, f"{folder} changed while the image was being built: start again", (), None)
            try:
                return self._api.build(context, tag, {"BASE": base.ref}, {LABEL: name}, line)
            except ApiError as err:
                raise kitchen.fail(f"docker build failed: {err}", tuple(lines[-TAIL:])) from err
            finally:
                with kitchen.log.open("a", encoding="utf-8") as sink:
                    sink.writelines(f"{text}\n" for text in lines)

    def _plan_one(self, name: str, mode: Mode, planned: dict[str, PlannedImage]) -> None:
        if name in planned:
            return
        entry, tag, decision = self._look(name, mode)
        base = self._catalogue.base_of(name)
        if decision.action == "build" and base is not None:
            self._plan_one(base, mode, planned)
        public = decision.action in ("use-public", "pull")
        ref = (entry.pull if public else tag) or entry.pull or name
        lacking: tuple[str, ...] = ()
        why = decision.why
        if decision.action == "build":
            why, lacking = self._plan_build(entry, why)
        elif decision.action == "impossible":
            lacking = _ways_out(entry, decision)
        planned[name] = PlannedImage(name, decision.action, ref, why, lacking)

    def _plan_build(self, entry: ImageEntry, why: str) -> tuple[str, tuple[str, ...]]:
        fixtures = self._catalogue.fixtures
        if isinstance(entry.build, RootfsRecipe):
            if self._store.has("rootfs", rootfs_key(entry.build, fixtures, self._arch)):
                return f"{why}; its file system is in the cache", ()
            missing = missing_for_rootfs()
            if missing and apt.can_install():
                return f"{why}; installs mmdebstrap and makes a Debian file system (about half a minute)", ()
            return f"{why}; makes a Debian file system (about half a minute)", (missing,) if missing else ()
        if isinstance(entry.build, DockerfileRecipe) and entry.build.go:
            todo = [p for p in entry.build.go if not self._store.has("go", go_key(p, fixtures, self._arch))]
            if not todo:
                return f"{why}; its programs are in the cache", ()
            lacking = () if find_go() else (NO_GO,)
            return f"{why}; compiles {', '.join(p.output for p in todo)} (several minutes)", lacking
        return why, ()


def _identity(base: ResolvedImage) -> str:
    # the tag of a local image names its content, the tag of a public one does not
    return base.ref if base.origin == "local" else base.image_id


def _ways_out(entry: ImageEntry, decision: Decision) -> tuple[str, ...]:
    hints = []
    if entry.pull is not None:
        hints.append(f"pull it yourself: docker pull {entry.pull}")
    if decision.refused:
        hints.append("or let lockout try the registry all the same: --images pull")
    if entry.build is not None:
        hints.append("or let lockout build it: --images build")
    return tuple(hints)


def _is_no_space(text: str) -> bool:
    return "no space left" in text.lower() or "disk quota exceeded" in text.lower()


def _no_space(name: str, where: str) -> EnvironmentUnusable:
    return EnvironmentUnusable(
        f"image {name}: no space left on the disk of {where}",
        ("free some space: docker system df shows what the engine holds", "lockout gc removes superseded images"),
    )
