"""What depends on what: gates, places, and what is wrong with them, at its place in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.scenario.problems import TopologyError
from harness.topology.compose_output import parse_config
from harness.topology.dependencies import dependencies
from harness.topology.gates import Needing, need_of
from harness.topology.needs import AllOf, AnyOf, AtLeast, Need, names, stands

from .conftest import Parse

ErrorsOf = Callable[..., list[str]]

COMPOSE = """\
x-lockout:
  places:
    zone: [vault, host]
    host: [orders]
services:
  vault:
    x-lockout:
      role: vault
      initialise: {}
      needs: [storage]
      needs_to_start: [seal]
  seal: {x-lockout: {role: vault, initialise: {}}}
  storage: {x-lockout: {role: database}}
  idp: {x-lockout: {role: idp, port: 1}}
  proxy: {x-lockout: {role: proxy, routes: {vault: 'vault:1'}}}
  orders:
    x-lockout:
      role: workload
      probe: {tcp: {port: 1}}
      needs: [dns]
      access:
        primary:
          needs: [{at_least: 2, of: [vault, seal, {any_of: [idp, storage]}]}]
        cached: {lasts: 10s}
  dns: {image: x}
"""


def edited(*edits: tuple[str, str]) -> str:
    text = COMPOSE
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def gate(text: str) -> str:
    """The topology with this entry as all that the primary path needs."""
    return edited(("{at_least: 2, of: [vault, seal, {any_of: [idp, storage]}]}", text))


def test_what_is_written_is_read(parse: Parse) -> None:
    topology = parse(COMPOSE)
    vault, orders = topology.services["vault"].block, topology.workload("orders")
    assert isinstance(vault, Needing)
    assert (need_of(vault.needs), need_of(vault.needs_to_start)) == ("storage", "seal")
    assert need_of(orders.needs) == "dns"
    assert orders.access["primary"].need == AtLeast(2, ("vault", "seal", AnyOf(("idp", "storage"))))
    assert orders.access["primary"].lasts is None
    assert (orders.access["cached"].need, orders.access["cached"].lasts) == (AllOf(()), 10.0)
    assert topology.places == {"zone": ("vault", "host"), "host": ("orders",)}


def test_the_lists_of_merged_files_are_joined_by_compose_and_count_once(parse: Parse) -> None:
    topology = parse(edited(("needs: [storage]", "needs: [storage, seal, storage]"), ("host: [", "host: [orders, ")))
    vault = topology.services["vault"].block
    assert isinstance(vault, Needing)
    assert need_of(vault.needs) == AllOf(("storage", "seal"))
    assert topology.places["host"] == ("orders",)


def test_compose_hands_interpolated_numbers_on_as_text(parse: Parse) -> None:
    primary = parse(gate("{at_least: '2', of: [vault, seal]}")).paths("orders")["primary"]
    assert primary.need == AtLeast(2, ("vault", "seal"))


def test_every_dependency_is_found_with_its_place(parse: Parse) -> None:
    topology = parse(COMPOSE)
    found = {
        (one.source, one.target, one.kind): ".".join(map(str, one.at))
        for one in dependencies(topology.services, topology.places)
    }
    primary = "services.orders.x-lockout.access.primary.needs.0.of"
    assert found == {
        ("vault", "storage", "needs"): "services.vault.x-lockout.needs.0",
        ("vault", "seal", "needs_to_start"): "services.vault.x-lockout.needs_to_start.0",
        ("orders", "dns", "needs"): "services.orders.x-lockout.needs.0",
        ("orders", "vault", "access"): f"{primary}.0",
        ("orders", "seal", "access"): f"{primary}.1",
        ("orders", "idp", "access"): f"{primary}.2.any_of.0",
        ("orders", "storage", "access"): f"{primary}.2.any_of.1",
        ("vault", "zone", "place"): "x-lockout.places.zone.0",
        ("host", "zone", "place"): "x-lockout.places.zone.1",
        ("orders", "host", "place"): "x-lockout.places.host.0",
    }


ENTRY = "services.orders.x-lockout.access.primary.needs.0"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param("vualt", f"23:19: {ENTRY}: unknown service or place 'vualt', did you mean 'vault'?", id="unknown"),
        pytest.param(
            "{any_of: [idp, {all_of: [sael]}]}",
            f"23:44: {ENTRY}.any_of.1.all_of.0: unknown service or place 'sael', did you mean 'seal'?",
            id="unknown-deep-down",
        ),
        pytest.param("{any_off: [idp]}", f"23:20: {ENTRY}: unknown gate 'any_off', did you mean 'any_of'?", id="typo"),
        pytest.param(
            "{any_of: [idp], all_of: [seal]}",
            f"23:19: {ENTRY}: a gate has exactly one of 'all_of', 'any_of' and 'at_least'",
            id="two-gates-in-one",
        ),
        pytest.param(
            "{}", f"23:19: {ENTRY}: a gate has exactly one of 'all_of', 'any_of' and 'at_least'", id="no-gate"
        ),
        pytest.param("{any_of: []}", f"23:28: {ENTRY}.any_of: must not be empty", id="empty-gate"),
        pytest.param("{at_least: 1, of: []}", f"23:37: {ENTRY}.of: must not be empty", id="empty-quorum"),
        pytest.param("{at_least: 1}", f"23:19: {ENTRY}: required key 'of' is missing", id="quorum-of-nothing"),
        pytest.param(
            "{at_least: 3, of: [vault, seal]}",
            f"23:30: {ENTRY}.at_least: 3 of 2 can never be met; write a number from 1 to 2",
            id="k-above-n",
        ),
        pytest.param(
            "{at_least: 0, of: [vault, seal]}",
            f"23:30: {ENTRY}.at_least: must be at least 1, not the number 0",
            id="k-below-1",
        ),
        pytest.param(
            "{at_least: two, of: [vault, seal]}",
            f"23:30: {ENTRY}.at_least: expected a whole number, not 'two'",
            id="k-in-words",
        ),
        pytest.param(
            "{at_least: 1, off: [vault]}",
            f"23:33: {ENTRY}: unknown key 'off', did you mean 'of'?",
            id="misspelt-of",
        ),
        pytest.param("{any_of: [idp, idp]}", f"23:34: {ENTRY}.any_of.1: 'idp' stands here twice", id="twice"),
        pytest.param("{any_of: idp}", f"23:28: {ENTRY}.any_of: expected a list, not 'idp'", id="no-list"),
        pytest.param(
            "7",
            f"23:19: {ENTRY}: expected the name of a component, or a gate: all_of, any_of, or at_least with of",
            id="number",
        ),
        pytest.param("orders", f"23:19: {ENTRY}: a workload cannot need itself", id="itself"),
        pytest.param(
            "proxy",
            f"23:19: {ENTRY}: 'proxy' is the fault proxy, which is no part of the estate; name what is behind it",
            id="proxy",
        ),
    ],
)
def test_what_is_wrong_with_an_entry(errors_of: ErrorsOf, entry: str, expected: str) -> None:
    found = errors_of(gate(entry))
    found.remove(f"0.yaml:{expected}")
    assert found in ([], [f"0.yaml:23:19: {ENTRY}: required key 'of' is missing"])


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            ("        cached: {lasts: 10s}", "        cached: {needs: []}"),
            "24:25: services.orders.x-lockout.access.cached.needs: must not be empty",
            id="no-components",
        ),
        pytest.param(
            ("{lasts: 10s}", "{}"),
            "24:17: services.orders.x-lockout.access.cached: without 'needs' it would stand for ever; "
            "say for how long it 'lasts'",
            id="cached-for-ever-on-nothing",
        ),
        pytest.param(
            ("cached: {lasts: 10s}", "secondary: {lasts: 10s, needs: [idp]}"),
            "24:28: services.orders.x-lockout.access.secondary.lasts: is for the path 'cached'; "
            "the others stand until what they need is lost",
            id="lasts-of-another",
        ),
        pytest.param(
            ("cached: {lasts: 10s}", "secondary: {}"),
            "24:20: services.orders.x-lockout.access.secondary: required key 'needs' is missing",
            id="another-without-needs",
        ),
        pytest.param(
            ("        primary:\n", "        secondary:\n"),
            "22:9: services.orders.x-lockout.access: required key 'primary' is missing",
            id="no-primary",
        ),
        pytest.param(
            ("needs: [dns]", "needs: [dsn]"),
            "20:15: services.orders.x-lockout.needs.0: unknown service or place 'dsn', did you mean 'dns'?",
            id="workload-on-unknown",
        ),
        pytest.param(
            ("needs_to_start: [seal]", "needs_to_start: [seel]"),
            "11:24: services.vault.x-lockout.needs_to_start.0: unknown service or place 'seel', did you mean 'seal'?",
            id="start-on-unknown",
        ),
        pytest.param(
            ("needs_to_start: [seal]", "needs_to_strat: [seal]"),
            "11:7: services.vault.x-lockout: unknown key 'needs_to_strat', did you mean 'needs_to_start'?",
            id="misspelt-key",
        ),
        pytest.param(
            ("needs_to_start: [seal]", "needs_to_start: [vault]"),
            "11:24: services.vault.x-lockout.needs_to_start.0: 'vault' cannot need itself",
            id="starts-itself",
        ),
        pytest.param(
            ("{role: database}", "{role: database, needs: [vault]}"),
            "13:49: services.storage.x-lockout.needs.0: storage needs vault, which needs storage: none of them could "
            "ever run. What is needed only to start stands under 'needs_to_start', and a quorum where it is used: "
            "{at_least: 2, of: [...]}",
            id="ring",
        ),
        pytest.param(
            ("{role: database}", "{role: database, needs: [orders]}"),
            "23:66: services.orders.x-lockout.access.primary.needs.0.of.2.any_of.1: orders needs storage, "
            "which needs orders: none of them could ever run. What is needed only to start stands under "
            "'needs_to_start', and a quorum where it is used: {at_least: 2, of: [...]}",
            id="ring-through-access",
        ),
        pytest.param(
            ("host: [orders]", "host: [ordes]"),
            "4:12: x-lockout.places.host.0: unknown service or place 'ordes', did you mean 'orders'?",
            id="unknown-member",
        ),
        pytest.param(
            ("host: [orders]", "orders: [vault]"),
            "3:19: x-lockout.places.zone.1: unknown service or place 'host'; known: dns, idp, orders, seal, storage, "
            "vault, zone",
            id="place-that-is-a-service",
        ),
        pytest.param(
            ("host: [orders]", "host: [orders, host]"),
            "4:20: x-lockout.places.host.1: 'host' cannot be in itself",
            id="place-in-itself",
        ),
        pytest.param(
            ("host: [orders]", "host: []"), "4:11: x-lockout.places.host: must not be empty", id="empty-place"
        ),
        pytest.param(
            ("  places:\n", "  palces:\n"), "2:3: x-lockout: unknown key 'palces', did you mean 'places'?", id="palces"
        ),
        pytest.param(
            ("host: [orders]", "host: [orders, proxy]"),
            "4:20: x-lockout.places.host.1: 'proxy' is the fault proxy, which is no part of the estate; "
            "name what is behind it",
            id="proxy-in-a-place",
        ),
        pytest.param(
            ("{role: proxy,", "{role: proxy, needs: [vault],"),
            "15:36: services.proxy.x-lockout: unknown key 'needs'; known: admin_port, admin_token_path, role, "
            "routes, tls",
            id="needs-of-the-proxy",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_is(errors_of: ErrorsOf, edit: tuple[str, str], expected: str) -> None:
    assert f"0.yaml:{expected}" in errors_of(edited(edit))


def test_places_must_be_a_mapping(errors_of: ErrorsOf) -> None:
    text = COMPOSE.replace(COMPOSE[: COMPOSE.index("services:")], "x-lockout: [zone]\n")
    assert errors_of(text) == ["0.yaml:1:12: x-lockout: expected a mapping with 'places', not a list"]


def test_without_places_it_is_services_that_are_unknown(errors_of: ErrorsOf) -> None:
    text = edited(("seal, {any_of", "sael, {any_of")).replace(COMPOSE[: COMPOSE.index("services:")], "")
    (line,) = errors_of(text)
    assert line.endswith("unknown service 'sael', did you mean 'seal'?")


def test_what_is_cached_holds_nothing_up_so_it_makes_no_ring(parse: Parse) -> None:
    topology = parse(
        edited(
            ("cached: {lasts: 10s}", "cached: {lasts: 10s, needs: [idp]}"),
            ("role: idp, port: 1", "role: idp, port: 1, needs: [orders]"),
            ("{any_of: [idp, storage]}", "storage"),
        )
    )
    assert topology.paths("orders")["cached"].need == "idp"


def test_a_place_at_the_top_of_an_included_file_is_not_silently_lost(tmp_path: Path) -> None:
    """Compose leaves it out of what it prints, so only the files tell."""
    (tmp_path / "core.yaml").write_text(COMPOSE)
    (tmp_path / "deep.yaml").write_text("include: [core.yaml]\n")
    (tmp_path / "main.yaml").write_text("include: [deep.yaml]\nservices: {}\n")
    printed = COMPOSE[COMPOSE.index("services:") :]
    with pytest.raises(TopologyError) as caught:
        parse_config(printed, [tmp_path / "main.yaml"])
    assert str(caught.value) == (
        "core.yaml:1:1: x-lockout: Compose drops this from an included file; write it into main.yaml"
    )
    assert parse_config(COMPOSE, [tmp_path / "core.yaml"]).places, "as it is, it is read"


@pytest.mark.parametrize(
    ("need", "up", "expected"),
    [
        (None, "", True),
        ("a", "a", True),
        ("a", "b", False),
        (AllOf(()), "", True),
        (AllOf(("a", "b")), "a", False),
        (AllOf(("a", "b")), "ab", True),
        (AnyOf(("a", "b")), "b", True),
        (AnyOf(("a", "b")), "", False),
        (AtLeast(2, ("a", "b", "c")), "c", False),
        (AtLeast(2, ("a", "b", "c")), "ca", True),
        (AllOf(("a", AnyOf(("b", "c")))), "ac", True),
    ],
)
def test_whether_a_need_is_met(need: Need | None, up: str, expected: bool) -> None:
    assert stands(need, set(up).__contains__) is expected


def test_the_names_in_a_need() -> None:
    assert list(names(AllOf(("a", AtLeast(1, ("b", AnyOf(("a", "c")))))))) == ["a", "b", "a", "c"]
    assert list(names(None)) == []
