"""The cache: complete or absent, one maker at a time, content decides the key."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from harness.lab.errors import EnvironmentUnusable
from harness.lab.store import (
    DAY,
    Store,
    cache_dir,
    digest,
    digest_tree,
    file_lock,
    is_fresh,
    remove_tree,
    state_dir,
    write_atomically,
)


def test_obtain_makes_once_and_then_serves_from_disk(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "program").write_text("binary")

    first = store.obtain("go", "abc", make)
    second = store.obtain("go", "abc", make)
    assert first == second == tmp_path / "go" / "abc"
    assert (first / "program").read_text() == "binary"
    assert len(made) == 1


def test_failed_make_leaves_nothing_and_passes_the_error_on(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def make(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("compiler died")

    with pytest.raises(RuntimeError, match="compiler died"):
        store.obtain("go", "abc", make)
    assert not store.has("go", "abc")
    assert list((tmp_path / "go").iterdir()) == []


def test_partial_folder_of_a_killed_process_is_swept_not_used(tmp_path: Path) -> None:
    partial = tmp_path / "go" / ".abc.killed"
    partial.mkdir(parents=True)
    (partial / "half").write_text("x")
    other = tmp_path / "go" / ".def.busy"
    other.mkdir()
    folder = Store(tmp_path).obtain("go", "abc", lambda into: (into / "program").write_text("whole") and None)
    assert sorted(path.name for path in folder.iterdir()) == ["program"]
    assert not partial.exists()
    assert other.exists(), "another key's maker may be at work"


def _make_slowly(root: str, counter: str) -> None:
    def make(folder: Path) -> None:
        with Path(counter).open("a") as handle:
            handle.write("made\n")
        time.sleep(0.2)  # the work itself, long enough for the other process to arrive
        (folder / "program").write_text("whole")

    Store(Path(root)).obtain("go", "abc", make)


def test_two_processes_make_an_artefact_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    counter = tmp_path / "counter"
    workers = [context.Process(target=_make_slowly, args=(str(tmp_path), str(counter))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=20)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert counter.read_text() == "made\n"


def test_lock_tells_that_it_waits(tmp_path: Path) -> None:
    lock = tmp_path / "locks" / "x.lock"
    context = multiprocessing.get_context("fork")
    told = context.Event()

    def waiter() -> None:
        with file_lock(lock, told.set):
            pass

    with file_lock(lock):
        process = context.Process(target=waiter)
        process.start()
        assert told.wait(timeout=10)
        assert process.is_alive()
    process.join(timeout=10)
    assert process.exitcode == 0


def test_prune_removes_only_what_was_not_used_for_long(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for key in ("old", "new"):
        store.obtain("rootfs", key, lambda folder: (folder / "f").write_text("x") and None)
    now = time.time()
    os.utime(store.path("rootfs", "old"), (now - 20 * DAY, now - 20 * DAY))
    os.utime(store.path("rootfs", "new"), (now - 13 * DAY, now - 13 * DAY))
    assert store.prune(14 * DAY, now) == [store.path("rootfs", "old")]
    assert store.has("rootfs", "new")


def test_use_of_an_artefact_keeps_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.obtain("rootfs", "old", lambda into: (into / "f").write_text("x") and None)
    os.utime(folder, (1.0, 1.0))
    store.obtain("rootfs", "old", lambda _: pytest.fail("it is there"))
    assert store.prune(14 * DAY) == []


def test_remove_tree_copes_with_read_only_folders(tmp_path: Path) -> None:
    inner = tmp_path / "module" / "v1"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    inner.chmod(0o500)
    remove_tree(tmp_path / "module")
    assert not (tmp_path / "module").exists()


def test_digest_keeps_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab", "c") == digest(b"ab", b"c")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "idp"
    (folder / "app").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM x\n")
    (folder / "app" / "main.py").write_text("pass\n")
    return folder


def test_tree_digest_sees_content_name_and_mode(recipe: Path) -> None:
    seen = {digest_tree(recipe)}
    (recipe / "app" / "main.py").write_text("pass \n")
    seen.add(digest_tree(recipe))
    (recipe / "app" / "main.py").rename(recipe / "app" / "other.py")
    seen.add(digest_tree(recipe))
    (recipe / "app" / "other.py").chmod(0o755)
    seen.add(digest_tree(recipe))
    (recipe / "new").write_text("")
    seen.add(digest_tree(recipe))
    assert len(seen) == 5


def test_tree_digest_ignores_times_bytecode_and_hidden_files(recipe: Path) -> None:
    before = digest_tree(recipe)
    os.utime(recipe / "Dockerfile", (1, 1))
    (recipe / "app" / "__pycache__").mkdir()
    (recipe / "app" / "__pycache__" / "main.pyc").write_bytes(b"x")
    (recipe / ".DS_Store").write_bytes(b"x")
    assert digest_tree(recipe) == before


def test_freshness_boundaries(tmp_path: Path) -> None:
    path = tmp_path / "note"
    assert not is_fresh(path, 600)
    write_atomically(path, "x")
    assert is_fresh(path, 600)
    old = time.time() - 601
    os.utime(path, (old, old))
    assert not is_fresh(path, 600)
    ahead = time.time() + 1000
    os.utime(path, (ahead, ahead))
    assert not is_fresh(path, 600), "a clock that was set back must not freeze an answer"


def test_write_atomically_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "one")
    write_atomically(tmp_path / "a", "two")
    assert (tmp_path / "a").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_places_follow_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCKOUT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert cache_dir() == tmp_path / "xdg" / "lockout"
    assert state_dir() == tmp_path / "state" / "lockout"
    monkeypatch.setenv("LOCKOUT_CACHE", str(tmp_path / "own"))
    assert cache_dir() == tmp_path / "own"


def test_cache_that_cannot_be_made_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentUnusable, match="cannot create") as caught, file_lock(tmp_path / "file" / "x.lock"):
        pass
    assert any("LOCKOUT_CACHE" in hint for hint in caught.value.hints)


def test_places_are_absolute_for_programs_that_run_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCKOUT_CACHE", "cache")
    monkeypatch.setenv("XDG_STATE_HOME", "~/state")
    assert cache_dir() == tmp_path / "cache"
    assert state_dir() == tmp_path / "home" / "state" / "lockout"
    monkeypatch.delenv("LOCKOUT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "xdg")
    assert cache_dir() == tmp_path / "xdg" / "lockout"


def test_state_that_cannot_be_kept_names_its_own_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentUnusable, match="cannot create") as caught:
        write_atomically(state_dir() / "engine.json", "{}")
    assert any("XDG_STATE_HOME" in hint for hint in caught.value.hints)
    assert not any("LOCKOUT_CACHE" in hint for hint in caught.value.hints)


def test_an_artefact_that_is_touched_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.obtain("plugins", "compose", lambda into: (into / "f").write_text("x") and None)
    os.utime(folder, (1.0, 1.0))
    store.touch("plugins", "compose")
    store.touch("plugins", "none")
    assert store.prune(14 * DAY) == []


def test_prune_sweeps_what_killed_makers_left_a_day_ago(tmp_path: Path) -> None:
    now = time.time()
    folders = {name: tmp_path / name for name in ("go/.old.x", "go/.busy.x", ".context-old", ".context-busy")}
    for name, folder in folders.items():
        folder.mkdir(parents=True)
        age = DAY if "old" in name else DAY / 2
        os.utime(folder, (now - age, now - age))
    assert Store(tmp_path).prune(14 * DAY, now) == [folders[".context-old"], folders["go/.old.x"]]
    assert folders["go/.busy.x"].exists()
    assert folders[".context-busy"].exists()


def test_a_durable_file_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / "a").exists()))
    write_atomically(tmp_path / "a", "one", durable=True)
    assert synced == [False]
    assert (tmp_path / "a").read_text() == "one"
