"""Cycles, and what is shared by paths that were declared apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from harness.domains.analyse import analyse
from harness.domains.cycles import cycles
from harness.domains.model import AllOf, AnyOf, Component, Cycle, Edge, Estate, Need, Path, Shared, Workload

from .estates import estate, estates

# Cycles


def starting(**needs: Need | None) -> Estate:
    """Components by name with what each needs to start."""
    return Estate(tuple(Component(name, None, None, need) for name, need in sorted(needs.items())), ())


def start(source: str, target: str) -> Edge:
    return Edge(source, target, "needs_to_start")


def test_two_that_start_each_other() -> None:
    assert cycles(starting(a="b", b="a", c="a")) == (Cycle(("a", "b"), (start("a", "b"), start("b", "a")), ("a", "b")),)


def test_one_that_starts_itself() -> None:
    assert cycles(starting(a="a")) == (Cycle(("a",), (start("a", "a"),), ("a",)),)


def test_no_cycle() -> None:
    assert cycles(starting(a="b", b=AllOf(("c", "d")), c="d", d=None)) == ()


def test_a_gate_that_leaves_a_way_out() -> None:
    (found,) = cycles(starting(a=AnyOf(("b", "key")), b="a", key=None))
    assert (found.members, found.stuck) == (("a", "b"), ())


def test_the_way_round_that_is_shown_holds_somebody() -> None:
    """All five are one knot; a and b would come back, c and d hold each other, and e waits for them."""
    (found,) = cycles(starting(a=AnyOf(("key", "b", "e")), b="a", c=AllOf(("d", "a")), d="c", e="d", key=None))
    assert found.members == ("a", "b", "c", "d", "e")
    assert set(found.stuck) == {"c", "d", "e"}
    assert found.edges == (start("c", "d"), start("d", "c"))


def test_the_way_round_is_the_shortest_through_its_first_member() -> None:
    (found,) = cycles(starting(a=AllOf(("b", "d")), b="c", c="a", d="a"))
    assert found.members == ("a", "b", "c", "d")
    assert found.edges == (start("a", "d"), start("d", "a"))


def test_a_key_service_that_authenticates_through_the_vault_that_it_unseals() -> None:
    of = Estate(
        (Component("keys", "workload"), Component("vault", "vault", None, "keys")),
        (Workload("keys", (Path("primary", "vault"),)),),
    )
    (found,) = cycles(of)
    assert found.stuck == ("keys", "vault")
    assert found.edges == (Edge("keys", "vault", "access"), start("vault", "keys"))
    with_another = Workload("keys", (Path("primary", "vault"), Path("break-glass", "paper")))
    (found,) = cycles(Estate((*of.components, Component("paper", None)), (with_another,)))
    assert found.stuck == (), "it has another way in"


def test_each_knot_is_told_once() -> None:
    found = cycles(starting(a="b", b="a", c="d", d="c", e=AllOf(("a", "c"))))
    assert [one.members for one in found] == [("a", "b"), ("c", "d")]


def test_a_long_ring_needs_no_deep_stack() -> None:
    ring = {f"n{index:04}": f"n{(index + 1) % 3000:04}" for index in range(3000)}
    (found,) = cycles(starting(**ring))
    assert len(found.edges) == len(found.stuck) == 3000


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain: dict[str, Need | None] = {f"n{index:04}": f"n{index + 1:04}" for index in range(2999)}
    of = estate({**chain, "n2999": None}, {"orders": {"primary": "n0000"}})
    assert len(analyse(of).single_points) == 3000


# Shared failure domains


def shared(components: dict[str, Need | None], paths: dict[str, Need], **roles: str) -> tuple[Shared, ...]:
    return analyse(estate(components, {"orders": paths}, **roles)).shared


def test_two_vaults_in_one_zone() -> None:
    found = shared({"v1": "zone", "v2": "zone", "zone": None}, {"primary": "v1", "secondary": "v2"})
    assert found == (Shared("orders", ("primary", "secondary"), ("zone",)),)


def test_two_vaults_behind_one_seal_further_down() -> None:
    components: dict[str, Need | None] = {"v1": "s1", "v2": "s2", "s1": "kms", "s2": AllOf(("kms", "x")), "kms": "net"}
    found = shared({**components, "net": None, "x": None}, {"primary": "v1", "secondary": "v2"})
    assert found == (Shared("orders", ("primary", "secondary"), ("kms", "net")),)


def test_what_a_gate_can_do_without_is_not_shared() -> None:
    found = shared({"v1": AnyOf(("a", "b")), "v2": "a", "a": None, "b": None}, {"primary": "v1", "secondary": "v2"})
    assert found == ()


@pytest.mark.parametrize(
    ("role", "counted"), [("resource", False), ("database", False), ("vault", True), ("idp", True)]
)
def test_what_all_paths_lead_to_is_not_counted(role: str, counted: bool) -> None:
    components: dict[str, Need | None] = {"v1": None, "v2": None, "it": "disk", "disk": None}
    paths: dict[str, Need] = {"primary": AllOf(("v1", "it")), "secondary": AllOf(("v2", "it"))}
    expected = (Shared("orders", ("primary", "secondary"), ("disk", "it")),) if counted else ()
    assert shared(components, paths, it=role) == expected


def test_the_resource_counts_where_a_path_does_not_lead_to_it() -> None:
    """Vault keeps its storage in the very database that both paths lead to: one of the two depends on it twice."""
    components: dict[str, Need | None] = {"v1": "db", "v2": "db", "db": None}
    paths: dict[str, Need] = {"primary": AllOf(("v1", "db")), "secondary": AllOf(("v2", "db"))}
    assert shared(components, paths, db="database") == (Shared("orders", ("primary", "secondary"), ("db",)),)


def test_what_is_cached_was_never_apart() -> None:
    assert shared({"vault": "dns", "dns": None}, {"primary": AllOf(("vault", "dns")), "cached": "dns"}) == ()


def test_three_paths_two_of_which_fall_together() -> None:
    components: dict[str, Need | None] = {
        "v1": "zone",
        "v2": AllOf(("zone", "dns")),
        "hsm": "dns",
        "zone": None,
        "dns": None,
    }
    found = shared(components, {"primary": "v1", "secondary": "v2", "break-glass": "hsm"})
    assert set(found) == {
        Shared("orders", ("primary", "secondary"), ("zone",)),
        Shared("orders", ("secondary", "break-glass"), ("dns",)),
    }


def test_the_host_of_the_workload_itself_is_a_single_point_but_not_shared() -> None:
    of = Estate(
        (
            Component("host", "place"),
            Component("orders", "workload", "host"),
            Component("v1", None),
            Component("v2", None),
        ),
        (Workload("orders", (Path("primary", "v1"), Path("secondary", "v2"))),),
    )
    analysis = analyse(of)
    assert analysis.shared == ()
    assert analysis.single_points == {"host": ("orders",)}


def test_single_points_with_the_most_victims_come_first() -> None:
    of = estate(
        {"a": None, "vault": None, "z": None},
        {"one": {"primary": AllOf(("vault", "a"))}, "two": {"primary": AllOf(("vault", "z"))}},
    )
    assert list(analyse(of).single_points.items()) == [("vault", ("one", "two")), ("a", ("one",)), ("z", ("two",))]


@settings(max_examples=100, deadline=None)
@given(estates())
def test_what_is_shared_alone_takes_each_of_the_paths(drawn: Estate) -> None:
    for found in analyse(drawn).shared:
        paths = [path for path in drawn.workload[found.workload].paths if path.name in found.paths]
        assert len(paths) == len(found.paths) >= 2
        for component in found.components:
            for path in paths:
                only = Estate(drawn.components, tuple(w for w in drawn.workloads if w.name != found.workload))
                alone = Workload("judged", (Path("primary", path.needs),))
                judged = Estate((*only.components, Component("judged", "workload")), (*only.workloads, alone))
                # The workload may itself be what another needs; so it keeps its paths under its own name.
                judged = Estate(judged.components, (*judged.workloads, drawn.workload[found.workload]))
                assert component in analyse(judged).single_points
                assert "judged" in analyse(judged).single_points[component]
