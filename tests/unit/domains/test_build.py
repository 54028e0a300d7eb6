"""From what x-lockout says to an estate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.domains.analyse import analyse
from harness.domains.build import estate_of, reach
from harness.domains.cycles import cycles
from harness.domains.model import AllOf, AnyOf, Component, Edge, Shared, Workload
from harness.domains.model import Path as AccessPath
from harness.domains.where import written

from .conftest import Read

COMPOSE = """\
x-lockout:
  places:
    zone: [vault, host]
    host: [orders, sidecar]
services:
  vault:
    depends_on: [pki]
    networks: [control]
    x-lockout: {role: vault, initialise: {}, needs: [storage], needs_to_start: [seal]}
  pki: {x-lockout: {role: ca}}
  seal: {x-lockout: {role: vault, initialise: {}, needs_to_start: [orders]}}
  storage: {x-lockout: {role: database}}
  proxy: {x-lockout: {role: proxy, routes: {vault: 'vault:1'}}}
  sidecar: {image: x}
  dns: {image: x}
  unrelated: {image: x}
  idle: {x-lockout: {role: workload, probe: {tcp: {port: 1}}}}
  orders:
    depends_on: [proxy, pki]
    networks: [control]
    x-lockout:
      role: workload
      probe: {tcp: {port: 1}}
      needs: [dns]
      access:
        break-glass: {needs: [storage]}
        cached: {lasts: 10s}
        primary: {needs: [{any_of: [vault, storage]}]}
      identity:
        - {vault: vault, method: approle, role: orders}
"""


def test_an_estate_is_what_is_said_of_access_and_nothing_else(read: Read) -> None:
    estate = estate_of(read(COMPOSE))
    assert estate.components == (
        Component("dns", None),
        Component("host", "place", "zone"),
        Component("idle", "workload"),
        Component("orders", "workload", AllOf(("dns", "host"))),
        Component("pki", "ca"),
        Component("seal", "vault", None, "orders"),
        Component("sidecar", None, "host"),
        Component("storage", "database"),
        Component("vault", "vault", AllOf(("storage", "zone")), "seal"),
        Component("zone", "place"),
    )
    assert estate.workloads == (
        Workload(
            "orders",
            (
                AccessPath("primary", AnyOf(("vault", "storage"))),
                AccessPath("cached", AllOf(()), 10.0),
                AccessPath("break-glass", "storage"),
            ),
        ),
    )
    assert estate.undeclared == ("idle",)


def test_the_topology_on_the_page_is_as_the_page_says(read: Read) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to-read-failure-domains.md"
    (example,) = re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    analysis = analyse(estate_of(read(example)))
    locked_out = {name: hit["orders"].holds for name, hit in analysis.domains.items() if "orders" in hit}
    del locked_out["orders"]
    assert locked_out == {"postgres": None, "zone-b": None, "dns": None, "zone-a": 10.0}
    assert analysis.shared == (Shared("orders", ("primary", "secondary"), ("zone-a",)),)
    assert not analysis.cycles


@pytest.mark.parametrize(
    ("workload", "reached"),
    [
        # The way to itself, through what unseals Vault, is followed and not told.
        ("orders", {"vault", "storage", "seal", "dns", "host", "zone"}),
        ("idle", set()),
    ],
)
def test_all_that_a_workload_may_depend_on(read: Read, workload: str, reached: set[str]) -> None:
    assert reach(estate_of(read(COMPOSE)), workload) == reached


def test_edges_of_a_cycle_are_found_in_the_file(read: Read) -> None:
    topology = read(COMPOSE)
    (found,) = cycles(estate_of(topology))
    assert [str(written(topology, found.edges)[edge]) for edge in found.edges] == [
        "compose.yaml:28:37: services.orders.x-lockout.access.primary.needs: orders needs vault for its access",
        "compose.yaml:9:81: services.vault.x-lockout.needs_to_start: vault needs seal to start",
        "compose.yaml:11:68: services.seal.x-lockout.needs_to_start: seal needs orders to start",
    ]


def test_that_something_is_in_a_place_is_found_there(read: Read) -> None:
    topology = read(COMPOSE)
    edges = [Edge("vault", "zone", "needs"), Edge("orders", "dns", "needs"), Edge("orders", "nobody", "needs")]
    found = written(topology, edges)
    assert {edge: str(place) for edge, place in found.items()} == {
        edges[0]: "compose.yaml:3:12: x-lockout.places.zone: vault is in zone",
        edges[1]: "compose.yaml:24:15: services.orders.x-lockout.needs: orders needs dns",
    }
    assert written(topology, []) == {}


def test_a_file_that_is_gone_still_leaves_words(read: Read) -> None:
    topology = read(COMPOSE)
    topology.sources[0].unlink()
    edge = Edge("vault", "seal", "needs_to_start")
    assert str(written(topology, [edge])[edge]) == (
        "compose.yaml: services.vault.x-lockout.needs_to_start: vault needs seal to start"
    )
