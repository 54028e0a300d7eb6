"""Minimal cut sets and single points: against trying everything, and with limits."""

from __future__ import annotations

from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.domains.analyse import analyse
from harness.domains.families import NONE_MISSING, Algebra, Family, Limits
from harness.domains.model import (
    AllOf,
    AnyOf,
    AtLeast,
    Component,
    CutSets,
    Estate,
    Fate,
    Need,
    Path,
    Workload,
)
from harness.domains.predict import predict

from .estates import cut_sets_by_trying, estate, estates, every_loss

ALL = Limits(order=None, sets=1_000_000, work=100_000_000)


def sets(*names: str) -> set[frozenset[str]]:
    """``sets("a", "b c")`` is {{a}, {b, c}}."""
    return {frozenset(one.split()) for one in names}


def cuts(need: Need, limits: Limits = ALL, **components: Need | None) -> CutSets:
    """Of a workload with one path of *need*, over the components a to f and *components*."""
    plain: dict[str, Need | None] = dict.fromkeys("abcdef")
    return analyse(estate({**plain, **components}, {"orders": {"primary": need}}), limits).cuts["orders"]


@settings(max_examples=150, deadline=None)
@given(estates())
def test_cut_sets_are_all_that_there_are_and_minimal(drawn: Estate) -> None:
    analysis = analyse(drawn, ALL)
    for workload in drawn.workloads:
        found = analysis.cuts[workload.name]
        assert found.complete
        assert set(found.sets) == set(cut_sets_by_trying(drawn, workload.name))
        assert [len(one) for one in found.sets] == sorted(len(one) for one in found.sets)
        assert len(set(found.sets)) == len(found.sets)


@settings(max_examples=150, deadline=None)
@given(estates(), st.integers(1, 3))
def test_up_to_an_order_they_are_exact_and_it_is_said_whether_there_may_be_more(drawn: Estate, order: int) -> None:
    analysis = analyse(drawn, Limits(order=order))
    for workload in drawn.workloads:
        found, true = analysis.cuts[workload.name], cut_sets_by_trying(drawn, workload.name)
        assert found.exact_up_to >= order
        assert set(found.sets) == {one for one in true if len(one) <= order}
        assert not found.complete or set(found.sets) == set(true)


@settings(max_examples=150, deadline=None)
@given(estates(), st.integers(1, 4), st.integers(0, 60))
def test_whatever_the_limits_what_is_said_is_true(drawn: Estate, most: int, work: int) -> None:
    analysis = analyse(drawn, Limits(order=4, sets=most, work=work * 10))
    for workload in drawn.workloads:
        found, true = analysis.cuts[workload.name], cut_sets_by_trying(drawn, workload.name)
        assert set(found.sets) <= set(true)
        assert {one for one in true if len(one) <= found.exact_up_to} <= set(found.sets)
        assert not found.complete or set(found.sets) == set(true)
        assert found.exact_up_to >= 1, "single points are always known"


@settings(max_examples=150, deadline=None)
@given(estates())
def test_single_points_are_the_cut_sets_of_one_and_what_one_loss_predicts(drawn: Estate) -> None:
    analysis = analyse(drawn)
    for component in drawn.components:
        alone = predict(drawn, frozenset([component.name]))
        hit = {name: one for name, one in alone.items() if one.fate is not Fate.SAFE}
        assert analysis.domains[component.name] == hit
        locked_out = {name for name, one in hit.items() if one.fate is Fate.LOCKED_OUT} - {component.name}
        assert set(analysis.single_points.get(component.name, ())) == locked_out
        assert locked_out == {
            name for name, found in analysis.cuts.items() if frozenset([component.name]) in found.sets
        }


@pytest.mark.parametrize(
    ("need", "expected"),
    [
        pytest.param("a", sets("a"), id="one"),
        pytest.param(AllOf(("a", "b")), sets("a", "b"), id="all"),
        pytest.param(AnyOf(("a", "b")), sets("a b"), id="any"),
        pytest.param(AnyOf(("a", "b", "c", "d", "e")), sets("a b c d e"), id="any-of-five"),
        pytest.param(AtLeast(2, ("a", "b", "c")), sets("a b", "a c", "b c"), id="quorum"),
        pytest.param(AtLeast(1, ("a", "b")), sets("a b"), id="one-of-two-is-any"),
        pytest.param(AtLeast(2, ("a", "b")), sets("a", "b"), id="two-of-two-is-all"),
        pytest.param(AtLeast(1, ("a",)), sets("a"), id="one-of-one"),
        pytest.param(AllOf(("a", AnyOf(("a", "b")))), sets("a"), id="absorbed"),
        pytest.param(AnyOf((AllOf(("a", "b")), AllOf(("a", "c")))), sets("a", "b c"), id="shared-in-both-ways"),
        pytest.param(
            AnyOf((AllOf(("a", "b")), AtLeast(2, ("c", "d", "e")))),
            sets(*(f"{x} {y} {z}" for x in "ab" for y, z in combinations("cde", 2))),
            id="quorum-as-a-way-out",
        ),
    ],
)
def test_gates(need: Need, expected: set[frozenset[str]]) -> None:
    assert set(cuts(need).sets) == expected


def test_what_a_component_needs_is_in_the_sets() -> None:
    found = cuts(AnyOf(("v1", "v2")), v1=AllOf(("a", "b")), v2=AllOf(("a", "c")))
    assert set(found.sets) == sets("a", "v1 v2", "v1 c", "b v2", "b c")


@pytest.mark.parametrize("of", range(1, 10))
def test_quorums_have_as_many_sets_as_there_are_choices(of: int) -> None:
    nodes = [f"n{index}" for index in range(of)]
    for k in range(1, of + 1):
        found = cuts(AtLeast(k, tuple(nodes)), **dict.fromkeys(nodes))
        assert len(found.sets) == comb(of, of - k + 1)
        assert {len(one) for one in found.sets} == {of - k + 1}


def test_a_large_quorum_is_no_trouble() -> None:
    nodes = [f"n{index}" for index in range(60)]
    found = cuts(AtLeast(31, tuple(nodes)), Limits(), **dict.fromkeys(nodes))
    assert (found.sets, found.complete) == ((), False), "30 nodes are more than is looked for"
    found = cuts(AtLeast(59, tuple(nodes)), Limits(sets=2_000), **dict.fromkeys(nodes))
    assert (len(found.sets), found.complete) == (comb(60, 2), True)


@pytest.mark.parametrize(("order", "complete"), [(2, False), (3, True), (4, True)])
def test_exactly_at_the_order(order: int, complete: bool) -> None:
    found = cuts(AllOf(("f", AnyOf(("a", "b", "c")))), Limits(order=order))
    assert set(found.sets) == (sets("f", "a b c") if complete else sets("f"))
    assert (found.complete, found.exact_up_to >= order) == (complete, True)


@pytest.mark.parametrize(("most", "kept", "exact"), [(14, 14, 1), (15, 15, None), (16, 15, None)])
def test_exactly_at_the_number_of_sets(most: int, kept: int, exact: int | None) -> None:
    found = cuts(AtLeast(5, tuple("abcdef")), Limits(sets=most))
    assert len(found.sets) == kept
    assert found.complete == (exact is None)
    assert exact is None or found.exact_up_to == exact


def test_what_is_above_the_order_but_absorbed_is_not_missed() -> None:
    """{a, b, c} is a cut set of order 3 as well, but {a, b} alone does it."""
    need = AnyOf((AllOf((AnyOf(("a", "b")), "c")), AllOf((AnyOf(("a", "b")), "d"))))
    found = cuts(need, Limits(order=2))
    assert set(found.sets) == sets("a b", "c d")
    assert found.complete


def test_the_loss_of_a_workload_is_no_cut_set_of_its_own_but_of_those_that_need_it() -> None:
    two = estate({"vault": None}, {"agent": {"primary": "vault"}, "orders": {"primary": "agent"}})
    found = analyse(two, ALL).cuts
    assert set(found["agent"].sets) == sets("vault")
    assert set(found["orders"].sets) == sets("agent", "vault")


def test_what_a_workload_itself_runs_on() -> None:
    """Whichever way it obtains access."""
    on_host = Estate(
        (
            Component("host", "place"),
            Component("orders", "workload", "host"),
            Component("v1", None),
            Component("v2", None),
        ),
        (Workload("orders", (Path("primary", "v1"), Path("secondary", "v2"))),),
    )
    assert set(analyse(on_host, ALL).cuts["orders"].sets) == sets("host", "v1 v2")


@pytest.mark.parametrize(
    ("components", "need", "said"),
    [
        ({"a": "b", "b": "a"}, "a", "need each other: a, b"),
        ({"a": "a"}, "a", "need each other: a"),
        ({"a": "nobody"}, "a", "a needs nobody, which is no component"),
        ({"a": None}, AtLeast(2, ("a",)), "a gate wants 2 of 1"),
    ],
)
def test_an_estate_that_cannot_be(components: dict[str, Need | None], need: Need, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        analyse(estate(components, {"orders": {"primary": need}}))


def test_families_that_lack_the_same_size_lack_it_together() -> None:
    algebra = Algebra(ALL)
    lacking = Family(0b1, (), missing_from=3)
    assert algebra.either((lacking, Family(0b10, (0b1100,)))) == Family(0b11, (0b1100,), 3)
    assert algebra.either((lacking, Family(0, (0b11110,)))) == Family(0b1, (), 3), "a part of it may be missing"
    assert algebra.both(lacking, Family(0b10)) == Family(0, (0b11,), 3)
    assert algebra.both(Family(0b1), Family(0b1)) == Family(0b1, (), NONE_MISSING)


@settings(max_examples=60, deadline=None)
@given(estates(5))
def test_more_lost_is_never_better(drawn: Estate) -> None:
    rank = [Fate.SAFE, Fate.DEGRADED, Fate.LOCKED_OUT]
    by_loss = {lost: predict(drawn, lost) for lost in every_loss(drawn)}
    for lost, fates in by_loss.items():
        for more in drawn.component.keys() - lost:
            worse = by_loss[lost | {more}]
            for name, one in fates.items():
                assert rank.index(worse[name].fate) >= rank.index(one.fate)


@pytest.mark.parametrize(
    ("one", "other", "missing"),
    [
        pytest.param(Family(0b11), Family(0b1100), 2, id="pairs"),
        pytest.param(Family(0, (0b11, 0b101)), Family(0b11000), 3, id="pairs-and-singles"),
        pytest.param(Family(0, (0b11, 0b1100)), Family(0, (0b110, 0b11000)), 3, id="pairs-that-overlap"),
        pytest.param(Family(0, (0b11, 0b1100)), Family(0, (0b111_0000, 0b1_1100_0000)), 3, id="pairs-and-triples"),
        pytest.param(Family(0, (0b111, 0b11_1000)), Family(0, (0b1110, 0b111_0000)), 4, id="triples-that-overlap"),
    ],
)
def test_what_there_was_no_time_for_may_be_as_small_as_can_be(one: Family, other: Family, missing: int) -> None:
    assert Algebra(Limits(order=None, work=10)).both(one, other) == Family(0, (), missing)
    whole = Algebra(ALL).both(one, other)
    assert whole.missing_from == NONE_MISSING
    assert min(mask.bit_count() for mask in whole.larger) >= missing
