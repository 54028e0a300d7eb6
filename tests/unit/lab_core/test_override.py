"""What lockout adds to a user's Compose files, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from harness.lab.override import Publication, override_text

LABELS = {"lockout.run": "r-1"}


class _Loader(yaml.SafeLoader):
    """Keeps Compose's merge tags, so that they can be asserted."""


_Loader.add_constructor("!override", lambda loader, node: ("instead", loader.construct_sequence(node)))
_Loader.add_constructor("!reset", lambda loader, node: "removed")


def override(config: dict[str, Any], services: tuple[str, ...] = ("a",), **given: Any) -> dict[str, Any]:
    images, publications = given.get("images", {}), given.get("publications", ())
    text = override_text("r-1", "lockout-r-1", config, services, images, publications, given.get("owner", ""))
    document = yaml.load(text, Loader=_Loader)
    assert isinstance(document, dict)
    return document


def test_every_service_network_and_volume_carries_the_runs_label() -> None:
    config = {"networks": {"back": None, "front": {"name": "x_front"}}, "volumes": {"data": {}}}
    assert override(config, ("a", "b")) == {
        "services": {"a": {"labels": LABELS}, "b": {"labels": LABELS}},
        "networks": {
            "back": {"name": "lockout-r-1_back", "labels": LABELS},
            "front": {"name": "lockout-r-1_front", "labels": LABELS},
        },
        "volumes": {"data": {"name": "lockout-r-1_data", "labels": LABELS}},
    }


def test_everything_says_whose_it_is() -> None:
    document = override({"networks": {"back": None}, "volumes": {"data": {}}}, owner="0123456789ab")
    entries = [entry for section in document.values() for entry in section.values()]
    assert len(entries) == 3
    assert all(entry["labels"] == LABELS | {"lockout.owner": "0123456789ab"} for entry in entries)


def test_what_is_empty_is_left_out() -> None:
    assert set(override({})) == {"services"}


def test_services_that_are_not_started_are_not_mentioned() -> None:
    assert set(override({"services": {"a": {}, "b": {"ports": ["1:1"]}}})["services"]) == {"a"}


@pytest.mark.parametrize("section", ["networks", "volumes"])
def test_what_is_external_is_somebody_elses(section: str) -> None:
    config = {section: {"theirs": {"external": True, "name": "prod"}, "ours": {"external": False}}}
    assert set(override(config)[section]) == {"ours"}


def test_a_resolved_image_is_neither_pulled_nor_built() -> None:
    document = override({}, ("a", "b"), images={"a": "some/ref@sha256:1", "not-started": "x"})
    assert document["services"]["a"] == {"labels": LABELS, "image": "some/ref@sha256:1", "pull_policy": "never"}
    assert document["services"]["b"] == {"labels": LABELS}


def test_ports_are_published_on_loopback_only() -> None:
    document = override({}, ("a", "b"), publications=[Publication("a", 8200, 20001), Publication("a", 9443, 20002)])
    assert document["services"]["a"]["ports"] == ["127.0.0.1:20001:8200", "127.0.0.1:20002:9443"]
    assert "ports" not in document["services"]["b"]


def test_ports_and_names_of_the_user_give_way() -> None:
    theirs = {"services": {"a": {"ports": ["8200:8200"], "container_name": "vault"}, "b": {"ports": ["80:80"]}}}
    document = override(theirs, ("a", "b"), publications=[Publication("a", 8200, 20001)])
    assert document["services"]["a"]["ports"] == ("instead", ["127.0.0.1:20001:8200"])
    assert document["services"]["a"]["container_name"] == "removed"
    assert document["services"]["b"]["ports"] == "removed"
    assert "container_name" not in document["services"]["b"]


def test_there_are_no_aliases_in_the_text() -> None:
    text = override_text("r-1", "p", {"networks": {"x": {}, "y": {}}}, ["a", "b"], {}, [])
    assert "&id" not in text
    assert "*id" not in text


def test_the_users_configuration_is_not_changed() -> None:
    config = {"services": {"a": {"ports": ["1:1"], "container_name": "n"}}, "networks": {"n": {}}}
    before = repr(config)
    override(config)
    assert repr(config) == before
