from __future__ import annotations

import re

import yaml

from harness.lab.override import Publication, override_text

CONFIG = {
    "services": {
        "app": {"image": "app:1", "container_name": "the-app", "ports": [{"target": 80, "published": "8080"}]},
        "worker": {"ports": [{"target": 9000, "published": "9000"}]},
        "vault": {"image": "vault:1"},
        "store": {"image": "store:1"},
    },
    "networks": {"default": {"name": "other_default"}, "office": {"name": "office", "external": True}},
    "volumes": {"data": {"name": "precious"}, "archive": {"name": "archive", "external": True}, "scratch": None},
}


def made(*publications: Publication, config: dict[str, object] | None = None) -> str:
    names = ["app", "store", "vault", "worker"]
    images = {"vault": "vault@sha256:1"}
    return override_text("r1", "lockout-r1", CONFIG if config is None else config, names, images, publications)


def plain(text: str) -> dict[str, dict[str, dict[str, object]]]:
    """*text* without the tags that only Compose knows."""
    document = yaml.safe_load(re.sub(r"!(override|reset)", "", text))
    assert isinstance(document, dict)
    return document


def test_everything_of_the_run_carries_its_label() -> None:
    document = plain(made())
    assert document["services"].keys() == {"app", "store", "vault", "worker"}
    entries = [entry for section in document.values() for entry in section.values()]
    assert all(entry["labels"] == {"lockout.run": "r1"} for entry in entries)


def test_ports_take_the_place_of_the_users_own() -> None:
    text = made(Publication("app", 80, 20001), Publication("vault", 8200, 20002))
    assert re.search(r"  app:\n(    .*\n)*    ports: !override\n    - 127\.0\.0\.1:20001:80\n", text)
    assert re.search(r"  worker:\n(    .*\n)*    ports: !reset ", text)
    services = plain(text)["services"]
    assert services["vault"]["ports"] == ["127.0.0.1:20002:8200"]
    assert "ports" not in services["store"]


def test_a_fixed_container_name_is_taken_away() -> None:
    text = made()
    assert text.count("container_name: !reset ") == 1
    assert "container_name" in plain(text)["services"]["app"]


def test_networks_and_volumes_get_names_of_their_own_but_for_external_ones() -> None:
    document = plain(made())
    assert {name: entry["name"] for name, entry in document["volumes"].items()} == {
        "data": "lockout-r1_data",
        "scratch": "lockout-r1_scratch",
    }
    assert {name: entry["name"] for name, entry in document["networks"].items()} == {"default": "lockout-r1_default"}


def test_only_what_was_resolved_is_pinned() -> None:
    services = plain(made())["services"]
    assert (services["vault"]["image"], services["vault"]["pull_policy"]) == ("vault@sha256:1", "never")
    assert "image" not in services["app"]


def test_a_project_without_networks_and_volumes_gets_none() -> None:
    assert plain(made(config={"services": {}})).keys() == {"services"}
