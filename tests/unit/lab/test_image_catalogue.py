"""images.yaml: strict, complete, and the one place where names of public images meet logical ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.lab.errors import EnvironmentUnusable
from harness.lab.images.catalogue import Catalogue, DockerfileRecipe, load_catalogue, normalise


def catalogue(tmp_path: Path, text: str) -> Catalogue:
    (tmp_path / "images.yaml").write_text(text)
    return load_catalogue(tmp_path)


def test_the_real_catalogue_has_a_recipe_and_folder_for_every_image() -> None:
    real = load_catalogue()
    assert {"base-python", "vault", "postgres", "pki", "idp", "ledger", "proxy"} <= set(real.images)
    for name, entry in real.images.items():
        assert entry.build is not None, name
        assert (real.fixtures / entry.build.folder).is_dir(), name
        if isinstance(entry.build, DockerfileRecipe):
            assert (real.fixtures / entry.build.folder / "Dockerfile").is_file(), name
            assert entry.build.site is (real.fixtures / entry.build.folder / "requirements.lock").is_file(), name


def test_public_names_are_recognised_in_all_their_spellings() -> None:
    real = load_catalogue()
    assert real.by_pull_name("hashicorp/vault:1.21.0") == "vault"
    assert real.by_pull_name("library/postgres:15-bookworm") == "postgres"
    assert real.by_pull_name("hashicorp/vault:1.20.0") is None
    assert real.by_pull_name("mirror.test/hashicorp/vault:1.21.0") is None


@pytest.mark.parametrize(
    ("ref", "spelling"),
    [
        ("postgres", "postgres:latest"),
        ("library/postgres:15", "postgres:15"),
        ("host.test:5000/team/app", "host.test:5000/team/app:latest"),
        ("app@sha256:ab", "app@sha256:ab"),
    ],
)
def test_one_spelling(ref: str, spelling: str) -> None:
    assert normalise(ref) == spelling


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("images: {a: {}}", "needs pull, build or both"),
        ("images: {a: {pull: x:1, buidl: {}}}", "images.a.buidl"),
        ("images: {a: {build: {kind: dockerfile, folder: a, base: b}}}", "there is no image 'b'"),
        (
            "images: {a: {build: {kind: dockerfile, folder: a, base: b}},"
            " b: {build: {kind: dockerfile, folder: b, base: a}}}",
            "go in a circle",
        ),
        ("images: [", "images.yaml"),
        ("images: {a: {pull: 3}}", "images.a.pull"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(EnvironmentUnusable) as caught:
        catalogue(tmp_path, text)
    assert words in str(caught.value)
    assert "images.yaml" in str(caught.value)


def test_unknown_image_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnusable, match="no image 'valut'") as caught:
        catalogue(tmp_path, "images: {vault: {pull: x:1}}").entry("valut")
    assert "vault" in caught.value.hints[0]
