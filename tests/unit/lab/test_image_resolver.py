"""Present, then pull, then build: the rule, and what follows from it on a fake engine."""

from __future__ import annotations

import errno
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.lab.errors import EnvironmentUnusable, ImageBuildFailed
from harness.lab.images import mode_from
from harness.lab.images.catalogue import ImageEntry, load_catalogue
from harness.lab.images.docker_api import ApiError
from harness.lab.images.registry import Registries
from harness.lab.images.resolver import KEEP_YOUNGER, MODES, Mode, Resolver, decide
from harness.lab.progress import Silent
from harness.lab.store import Store

CATALOGUE = """\
images:
  base:
    pull: python:3.11
    build: {kind: dockerfile, folder: base, base: scratch-base}
  scratch-base:
    pull: debian:12
  idp:
    build: {kind: dockerfile, folder: idp, base: base}
  only-public:
    pull: vendor/app:1
"""
DOWN = "the image registry is not reachable (no such host)"


@dataclass
class FakeEngine:
    """An engine's image store in memory; `down` makes every pull fail, `broken` every build."""

    present: dict[str, str] = field(default_factory=dict)
    made: dict[str, float] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    contexts: list[list[str]] = field(default_factory=list)
    pull_error: str | None = None
    build_error: str | None = None
    during_build: Callable[[], None] | None = None

    def image_id(self, ref: str) -> str | None:
        return self.present.get(ref)

    def pull(self, ref: str, line: Callable[[str], None]) -> str:
        self.calls.append(f"pull {ref}")
        if self.pull_error is not None:
            raise ApiError(self.pull_error)
        return self._add(ref)

    def import_tar(self, tar: Path, tag: str, changes: tuple[str, ...]) -> str:
        self.calls.append(f"import {tag}")
        return self._add(tag)

    def build(
        self,
        context: Path,
        tag: str,
        args: Mapping[str, str],
        labels: Mapping[str, str],
        line: Callable[[str], None],
    ) -> str:
        self.calls.append(f"build {tag} on {args['BASE']}")
        with tarfile.open(context) as tar:
            self.contexts.append(tar.getnames())
        line("Step 1/3 : FROM x")
        if self.build_error is not None:
            raise ApiError(self.build_error)
        return self._add(tag)

    def tags(self, repository_prefix: str, label: str) -> dict[str, float]:
        assert label == "lockout.image"
        labelled = [tag for tag in self.present if tag not in self.foreign]
        return {tag: self.made.get(tag, 0.0) for tag in labelled if tag.startswith(repository_prefix)}

    def remove(self, ref: str) -> bool:
        self.calls.append(f"remove {ref}")
        return self.present.pop(ref, None) is not None

    def _add(self, ref: str) -> str:
        self.present[ref] = f"sha256:{len(self.calls):064d}"
        return self.present[ref]


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    folder = tmp_path / "fixtures"
    for name in ("base", "idp"):
        (folder / name / "app").mkdir(parents=True)
        (folder / name / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
        (folder / name / "app" / "main.py").write_text("pass\n")
    (folder / "images.yaml").write_text(CATALOGUE)
    return folder


def resolver(fixtures: Path, engine: FakeEngine, refusal: str | None = DOWN) -> Resolver:
    store = Store(fixtures.parent / "cache")
    registries = Registries(lambda _: refusal, store.root / "registry", "engine")
    return Resolver(load_catalogue(fixtures), engine, "amd64", registries, store, Silent())


PUBLIC = ImageEntry.model_validate_json('{"pull": "x:1"}')
BOTH = ImageEntry.model_validate_json('{"pull": "x:1", "build": {"kind": "dockerfile", "folder": "x", "base": "b"}}')
OWN = ImageEntry.model_validate_json('{"build": {"kind": "dockerfile", "folder": "x", "base": "b"}}')


@pytest.mark.parametrize(
    ("entry", "mode", "public", "local", "refused", "action"),
    [
        (BOTH, "auto", True, True, False, "use-public"),
        (BOTH, "auto", False, True, False, "use-local"),
        (BOTH, "auto", False, False, False, "pull"),
        (BOTH, "auto", False, False, True, "build"),
        (PUBLIC, "auto", False, False, True, "impossible"),
        (OWN, "auto", False, False, True, "build"),
        (BOTH, "pull", True, True, True, "use-public"),
        (BOTH, "pull", False, True, True, "pull"),
        (OWN, "pull", False, True, True, "use-local"),
        (OWN, "pull", False, False, True, "build"),
        (BOTH, "build", True, False, False, "build"),
        (BOTH, "build", True, True, False, "use-local"),
        (PUBLIC, "build", True, False, False, "use-public"),
        (PUBLIC, "build", False, False, False, "pull"),
        (BOTH, "present", False, False, False, "impossible"),
        (BOTH, "present", False, True, False, "use-local"),
        (OWN, "present", False, False, False, "impossible"),
    ],
)
def test_the_rule(entry: ImageEntry, mode: Mode, public: bool, local: bool, refused: bool, action: str) -> None:
    decision = decide(entry, mode, public, local, lambda: DOWN if refused else None)
    assert decision.action == action
    assert decision.why


def test_registry_is_not_asked_where_the_answer_does_not_matter() -> None:
    def ask() -> str | None:
        pytest.fail("asked the registry")

    for mode in MODES:
        decide(BOTH, mode, True, True, ask)
        decide(OWN, mode, False, False, ask)
    decide(BOTH, "pull", False, False, ask)


def test_no_registry_builds_the_image_on_its_base(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    image = resolver(fixtures, engine).resolve(["idp"], "auto")["idp"]
    assert image.variant == "built"
    assert image.origin == "local"
    assert image.ref.startswith("lockout/idp:")
    assert len(image.ref.rpartition(":")[2]) == 12
    first, second = engine.calls
    assert first.startswith("build lockout/base:")
    assert first.endswith("on debian:12")
    assert second == f"build {image.ref} on {first.split()[1]}"


def test_second_start_builds_and_pulls_nothing(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    first = resolver(fixtures, engine).resolve(["idp"], "auto")["idp"]
    engine.calls.clear()
    second = resolver(fixtures, engine).resolve(["idp"], "auto")["idp"]
    assert engine.calls == []
    assert (second.variant, second.ref, second.image_id) == ("present", first.ref, first.image_id)


def test_removed_base_does_not_matter_while_the_image_is_there(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    resolver(fixtures, engine).resolve(["idp"], "auto")
    for tag in [tag for tag in engine.present if tag.startswith("lockout/base:")]:
        del engine.present[tag]
    engine.calls.clear()
    assert resolver(fixtures, engine).resolve(["idp"], "auto")["idp"].variant == "present"
    assert engine.calls == []


def test_changed_recipe_is_a_new_image_and_so_is_one_on_a_changed_base(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    before = resolver(fixtures, engine).resolve(["base", "idp"], "auto")
    (fixtures / "idp" / "app" / "main.py").write_text("print()\n")
    changed = resolver(fixtures, engine).resolve(["base", "idp"], "auto")
    assert changed["base"].ref == before["base"].ref
    assert changed["idp"].ref != before["idp"].ref
    (fixtures / "base" / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nUSER 1\n")
    rebased = resolver(fixtures, engine).resolve(["base", "idp"], "auto")
    assert rebased["base"].ref != before["base"].ref
    assert rebased["idp"].ref not in (before["idp"].ref, changed["idp"].ref)


def test_reachable_registry_is_preferred_and_its_base_gives_another_tag(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    built = resolver(fixtures, engine).resolve(["idp"], "build")["idp"]
    engine.calls.clear()
    pulled = resolver(fixtures, engine, refusal=None).resolve(["base", "idp"], "pull")
    assert engine.calls[0] == "pull python:3.11"
    assert (pulled["base"].ref, pulled["base"].variant, pulled["base"].origin) == ("python:3.11", "pulled", "public")
    assert pulled["idp"].ref != built.ref


def test_failing_pull_falls_back_to_building_unless_pulling_is_demanded(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"}, pull_error="connection reset")
    image = resolver(fixtures, engine, refusal=None).resolve(["base"], "auto")["base"]
    assert engine.calls[0] == "pull python:3.11"
    assert image.origin == "local"
    with pytest.raises(EnvironmentUnusable, match=r"cannot pull python:3\.11: connection reset"):
        resolver(fixtures, FakeEngine(pull_error="connection reset"), refusal=None).resolve(["base"], "pull")


def test_image_that_can_be_had_in_no_way_says_why_and_what_to_do(fixtures: Path) -> None:
    with pytest.raises(EnvironmentUnusable) as caught:
        resolver(fixtures, FakeEngine()).resolve(["only-public"], "auto")
    assert "only-public" in caught.value.message
    assert "no such host" in caught.value.message
    assert "docker pull vendor/app:1" in caught.value.hints[0]


def test_failed_build_shows_the_end_of_its_log_and_where_it_is(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"}, build_error="COPY failed: no such file: site")
    with pytest.raises(ImageBuildFailed) as caught:
        resolver(fixtures, engine).resolve(["base"], "auto")
    assert caught.value.log is not None
    assert "Step 1/3" in caught.value.log.read_text()
    text = str(caught.value)
    assert "COPY failed: no such file: site" in text
    assert "| Step 1/3 : FROM x" in text
    assert str(caught.value.log) in text


def test_full_disk_is_named_as_such(fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"}, build_error="write /x: no space left on device")
    with pytest.raises(EnvironmentUnusable, match="no space left on the disk"):
        resolver(fixtures, engine).resolve(["base"], "auto")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("harness.lab.images.resolver.write_context", full)
    with pytest.raises(EnvironmentUnusable, match="no space left on the disk"):
        resolver(fixtures, FakeEngine(present={"debian:12": "sha256:d"})).resolve(["base"], "auto")


def test_recipe_that_changes_during_the_build_is_not_tagged_with_the_old_content(
    fixtures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.lab.images import resolver as module

    real = module.write_context

    def edit_then_write(target: Path, folder: Path, extra: Mapping[str, Path]) -> None:
        (folder / "app" / "main.py").write_text("edited\n")
        real(target, folder, extra)

    monkeypatch.setattr(module, "write_context", edit_then_write)
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    with pytest.raises(ImageBuildFailed, match="changed while"):
        resolver(fixtures, engine).resolve(["base"], "auto")
    assert list(engine.present) == ["debian:12"]


def test_build_context_holds_the_app_with_its_bytecode(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    resolver(fixtures, engine).resolve(["base"], "auto")
    names = engine.contexts[0]
    assert {"Dockerfile", "app", "app/main.py"} <= set(names)
    assert len(names) == len(set(names))


def test_plan_lists_bases_first_and_touches_nothing(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    planned = resolver(fixtures, engine).plan(["idp", "only-public"], "auto")
    assert [(item.name, item.action) for item in planned] == [
        ("scratch-base", "use-public"),
        ("base", "build"),
        ("idp", "build"),
        ("only-public", "impossible"),
    ]
    assert DOWN in planned[1].why
    assert "not published" in planned[2].why
    assert planned[3].lacking
    assert engine.calls == []


def test_plan_and_resolve_agree_on_the_tag(fixtures: Path) -> None:
    engine = FakeEngine(present={"debian:12": "sha256:d"})
    (planned,) = [item for item in resolver(fixtures, engine).plan(["idp"], "auto") if item.name == "idp"]
    assert resolver(fixtures, engine).resolve(["idp"], "auto")["idp"].ref == planned.ref


def test_collect_removes_superseded_tags_only(fixtures: Path) -> None:
    import time

    engine = FakeEngine(present={"debian:12": "sha256:d"})
    before = resolver(fixtures, engine).resolve(["idp"], "auto")["idp"].ref
    (fixtures / "idp" / "app" / "main.py").write_text("print()\n")
    now = resolver(fixtures, engine).resolve(["idp"], "auto")["idp"].ref
    engine.present["lockout/idp:young0000000"] = "sha256:y"
    engine.made["lockout/idp:young0000000"] = time.time() - KEEP_YOUNGER / 2
    engine.present["lockout/door:1"] = "sha256:l"  # somebody else's, who has the same name for something
    engine.foreign.add("lockout/door:1")
    assert resolver(fixtures, engine).collect() == [before]
    assert now in engine.present
    assert "debian:12" in engine.present
    assert "lockout/idp:young0000000" in engine.present
    assert "lockout/door:1" in engine.present


def test_modes_by_name() -> None:
    assert [mode_from(mode) for mode in MODES] == list(MODES)
    with pytest.raises(EnvironmentUnusable, match="'bild' is not a way to get images"):
        mode_from("bild")


class Recovering:
    """A registry that was noted as down, and answers again."""

    def __init__(self, fixtures: Path, answers: bool = True) -> None:
        self.asked: list[str] = []
        self.engine = FakeEngine()
        self._answers = answers
        self._fixtures = fixtures
        self._memory = fixtures.parent / "registry"
        Registries(lambda _: DOWN, self._memory, "engine").refusal("vendor/app:1")

    def _probe(self, ref: str) -> str | None:
        self.asked.append(ref)
        return None if self._answers else DOWN

    def resolver(self, note: bool = True) -> Resolver:
        registries = Registries(self._probe, self._memory, "engine", note)
        store = Store(self._fixtures.parent / "cache")
        return Resolver(load_catalogue(self._fixtures), self.engine, "amd64", registries, store, Silent())


def test_a_registry_is_asked_anew_before_all_fails_for_its_old_silence(fixtures: Path) -> None:
    registry = Recovering(fixtures)
    assert registry.resolver().resolve(["only-public"], "auto")["only-public"].variant == "pulled"
    assert registry.asked == ["vendor/app:1"]


def test_a_registry_is_asked_anew_where_nothing_can_be_built(fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (fixtures / "images.yaml").write_text(
        CATALOGUE + "  debian:\n    pull: debian:12\n"
        "    build: {kind: rootfs, folder: base, suite: bookworm, include: [python3]}\n"
    )
    monkeypatch.setattr("harness.lab.images.resolver.missing_for_rootfs", lambda: "mmdebstrap is not installed")
    monkeypatch.setattr("harness.lab.images.resolver.apt.can_install", lambda: False)
    registry = Recovering(fixtures)
    assert registry.resolver().resolve(["debian"], "auto")["debian"].variant == "pulled"
    assert registry.engine.calls == ["pull debian:12"]


def test_a_registry_that_is_down_is_not_asked_for_what_can_be_built(fixtures: Path) -> None:
    registry = Recovering(fixtures)
    registry.engine.present["debian:12"] = "sha256:d"
    assert registry.resolver().resolve(["base"], "auto")["base"].variant == "built"
    assert registry.asked == []


def test_a_registry_that_stays_down_is_asked_once_more_and_the_way_round_is_named(fixtures: Path) -> None:
    registry = Recovering(fixtures, answers=False)
    with pytest.raises(EnvironmentUnusable, match="no such host") as caught:
        registry.resolver().resolve(["only-public"], "auto")
    assert registry.asked == ["vendor/app:1"]
    assert any("--images pull" in hint for hint in caught.value.hints)


def test_looking_notes_nothing(fixtures: Path) -> None:
    registry = Recovering(fixtures, answers=False)
    memory = fixtures.parent / "registry"
    (note,) = memory.iterdir()
    note.unlink()
    registry.resolver(note=False).plan(["only-public"], "auto")
    assert registry.asked == ["vendor/app:1"]
    assert list(memory.iterdir()) == []
