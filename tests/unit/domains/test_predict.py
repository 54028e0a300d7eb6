"""Who loses access with what is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.domains.model import (
    AllOf,
    AnyOf,
    AtLeast,
    Component,
    Estate,
    Fate,
    Path,
    Prediction,
    Workload,
)
from harness.domains.predict import predict, standing

from .estates import LOCKED_OUT, counts, estate, estates, every_loss, stands_by_hand

SAFE = Prediction(Fate.SAFE, "primary")


def fate(of: Estate, *lost: str, for_seconds: float | None = None, restarted: str = "") -> Prediction:
    """Of ``orders``."""
    return predict(of, frozenset(lost), for_seconds, frozenset(restarted.split()))["orders"]


WITH_ALL = Estate(
    (
        Component("db", "database"),
        Component("ledger", "resource"),
        Component("orders", "workload", "host"),
        Component("host", "place"),
        Component("vault", "vault", "storage"),
        Component("storage", None),
        Component("vault-b", "vault"),
    ),
    (
        Workload(
            "orders",
            (
                Path("primary", AllOf(("vault", "db"))),
                Path("secondary", AllOf(("vault-b", "db"))),
                Path("cached", "db", 10.0),
                Path("break-glass", "ledger"),
            ),
        ),
    ),
)


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ("", SAFE),
        ("ledger", SAFE),
        ("vault", Prediction(Fate.DEGRADED, "secondary")),
        ("storage", Prediction(Fate.DEGRADED, "secondary")),
        ("vault vault-b", Prediction(Fate.DEGRADED, "break-glass")),
        ("db", Prediction(Fate.DEGRADED, "break-glass")),
        ("vault vault-b ledger", Prediction(Fate.LOCKED_OUT, None, 10.0)),
        ("db ledger", LOCKED_OUT),
        ("host", LOCKED_OUT),
        ("orders", LOCKED_OUT),
        ("orders vault ledger", LOCKED_OUT),
    ],
)
def test_the_first_path_that_stands_is_the_one(lost: str, expected: Prediction) -> None:
    assert fate(WITH_ALL, *lost.split()) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, Prediction(Fate.DEGRADED, "cached")),
        (9.999, Prediction(Fate.DEGRADED, "cached")),
        (10.0, Prediction(Fate.DEGRADED, "cached")),
        (10.001, Prediction(Fate.LOCKED_OUT, None, 10.0)),
        (None, Prediction(Fate.LOCKED_OUT, None, 10.0)),
    ],
)
def test_what_is_cached_stands_as_long_as_it_lasts(seconds: float | None, expected: Prediction) -> None:
    assert fate(WITH_ALL, "vault", "vault-b", "ledger", for_seconds=seconds) == expected


@pytest.mark.parametrize(("lost", "by"), [("vault", "cached"), ("vault z-key", None), ("vault z-disk", None)])
def test_what_only_a_cached_path_needs_falls_before_it(lost: str, by: str | None) -> None:
    """Although it comes after the workload, by name and by what lasts."""
    of = Estate(
        (
            Component("orders", "workload"),
            Component("vault", "vault"),
            Component("z-disk", None),
            Component("z-key", None, "z-disk"),
        ),
        (Workload("orders", (Path("primary", "vault"), Path("cached", "z-key", 10.0))),),
    )
    assert fate(of, *lost.split(), for_seconds=5.0).by == by


def test_what_is_cached_for_good_stands() -> None:
    of = estate({"vault": None, "db": None}, {"orders": {"primary": "vault", "cached": "db"}})
    assert fate(of, "vault") == Prediction(Fate.DEGRADED, "cached")


def test_what_depends_on_a_workload_falls_with_its_access() -> None:
    of = estate(
        {"vault": None, "db": None}, {"agent": {"primary": "vault"}, "orders": {"primary": AllOf(("agent", "db"))}}
    )
    assert fate(of, "vault") == LOCKED_OUT
    assert fate(of, "agent") == LOCKED_OUT


def test_a_quorum() -> None:
    of = estate({"n1": None, "n2": None, "n3": None}, {"orders": {"primary": AtLeast(2, ("n1", "n2", "n3"))}})
    assert fate(of, "n2") == SAFE
    assert fate(of, "n2", "n3") == LOCKED_OUT


AUTO_UNSEALED = Estate(
    (
        Component("orders", "workload", None, "config"),
        Component("config", None),
        Component("seal", "vault"),
        Component("vault", "vault", None, "seal"),
    ),
    (Workload("orders", (Path("primary", "vault"), Path("cached", "config"))),),
)


@pytest.mark.parametrize(
    ("lost", "restarted", "expected"),
    [
        ("seal", "", SAFE),
        ("", "vault", SAFE),
        ("seal", "vault", Prediction(Fate.DEGRADED, "cached")),
        ("seal", "vault orders", LOCKED_OUT),  # what it had cached is gone with the process
        ("", "vault seal orders", SAFE),
        ("config", "orders", LOCKED_OUT),
        ("config", "", SAFE),
    ],
)
def test_what_is_restarted_comes_back_only_with_what_it_needs_to_start(
    lost: str, restarted: str, expected: Prediction
) -> None:
    assert fate(AUTO_UNSEALED, *lost.split(), restarted=restarted) == expected


def test_two_that_need_each_other_to_start_do_not_come_back_together() -> None:
    of = Estate((Component("a", "vault", None, "b"), Component("b", "vault", None, "a"), Component("c", None, "a")), ())
    assert standing(of, frozenset(), frozenset("a")) == {"a", "b", "c"}
    assert standing(of, frozenset(), frozenset("ab")) == frozenset()
    one = Estate(
        (Component("a", "vault", None, AnyOf(("b", "key"))), Component("b", None, None, "a"), Component("key", None)),
        (),
    )
    assert standing(one, frozenset(), frozenset("ab")) == {"a", "b", "key"}
    assert standing(one, {"key"}, {"a", "b"}) == frozenset()


def test_what_is_lost_does_not_come_back_by_a_restart() -> None:
    assert fate(AUTO_UNSEALED, "vault", restarted="vault seal") == Prediction(Fate.DEGRADED, "cached")


@pytest.mark.parametrize(("lost", "restarted"), [("valt", ""), ("", "valt")])
def test_an_unknown_component(lost: str, restarted: str) -> None:
    with pytest.raises(ValueError, match=r"^no component: valt$"):
        fate(AUTO_UNSEALED, *lost.split(), restarted=restarted)


@pytest.mark.parametrize("paths", [(), (Path("cached", "vault", 10.0),)])
def test_a_workload_needs_a_path_that_stands_for_good(paths: tuple[Path, ...]) -> None:
    with pytest.raises(ValueError, match="the first access path of orders"):
        Workload("orders", paths)


@settings(max_examples=100, deadline=None)
@given(estates(5), st.sampled_from([None, 5.0, 30.0, 100.0]))
def test_predictions_are_what_recursion_says(drawn: Estate, seconds: float | None) -> None:
    for lost in every_loss(drawn, 3):
        for name, one in predict(drawn, lost, seconds).items():
            assert (one.fate is not Fate.LOCKED_OUT) == stands_by_hand(drawn, name, lost, seconds)
            paths = drawn.workload[name].paths
            assert (one.fate is Fate.SAFE) == (one.by == "primary")
            assert one.by is None or counts(next(path for path in paths if path.name == one.by), seconds)
            assert one.holds is None or one.fate is Fate.LOCKED_OUT
