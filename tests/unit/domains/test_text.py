"""What people and machines are told."""

from __future__ import annotations

import json

import pytest

from harness.domains.analyse import analyse
from harness.domains.cuts import Numbering
from harness.domains.document import analysis_document, prediction_document
from harness.domains.families import Limits
from harness.domains.model import AllOf, AnyOf, AtLeast, Component, Estate, Fate, Path, Prediction, Workload
from harness.domains.predict import predict
from harness.domains.text import MOST_SETS, Section, findings, predicted, told

from .estates import estate

WHOLE = Estate(
    (
        Component("db", "database"),
        Component("dns", None),
        Component("idle", "workload"),
        Component("orders", "workload"),
        Component("reports", "workload"),
        Component("v1", "vault", "zone", "v2"),
        Component("v2", "vault", "zone", "v1"),
        Component("zone", "place"),
    ),
    (
        Workload("orders", (Path("primary", AllOf(("v1", "db"))), Path("secondary", AllOf(("v2", "db"))))),
        Workload("reports", (Path("primary", AllOf(("v1", "dns"))), Path("cached", "dns", 90.0))),
    ),
    ("idle",),
)


def lines(sections: list[Section]) -> list[str]:
    return [line for one in sections for line in (one.heading, *(row.head + row.text for row in one.rows))]


def test_all_that_there_is_to_tell() -> None:
    assert lines(list(told(WHOLE, analyse(WHOLE), {}))) == [
        "single points of lockout",
        "  zone (place)",
        "    locked out            orders",
        "    locked out after 90s  reports",
        "  db (database)",
        "    locked out  orders",
        "  dns (no role)",
        "    locked out  reports",
        "  v1 (vault)",
        "    locked out after 90s    reports",
        "    degraded, by secondary  orders",
        "minimal cut sets",
        "  orders",
        "    1  db; zone",
        "    2  v1 + v2",
        "  reports",
        "    1  dns; v1; zone",
        "dependency cycles",
        "  v1 -> v2 -> v1",
        "    stopped all at once, these do not come back: v1, v2",
        "    v1 needs v2",
        "    v2 needs v1",
        "paths declared apart that fall together",
        "  orders",
        "    primary and secondary, with  zone",
        "no access path declared, so nothing is known of",
        "  idle",
    ]
    assert findings(analyse(WHOLE)) == ["of v1, v2 none comes back", "paths of orders fall together"]


def test_nothing_to_tell() -> None:
    of = Estate((Component("idle", "workload"), Component("vault", "vault")), (), ("idle",))
    assert lines(list(told(of, analyse(of), {}))) == [
        "single points of lockout",
        "  none",
        "minimal cut sets",
        "  none: no workload declares an access path",
        "dependency cycles",
        "  none",
        "paths declared apart that fall together",
        "  none",
        "no access path declared, so nothing is known of",
        "  idle",
    ]
    assert findings(analyse(of)) == []


def test_a_single_loss_that_only_degrades_stands_apart() -> None:
    of = estate({"v1": None, "v2": None}, {"orders": {"primary": "v1", "secondary": "v2"}}, v1="vault", v2="vault")
    assert lines(list(told(of, analyse(of), {})))[:5] == [
        "single points of lockout",
        "  none",
        "losses that only degrade",
        "  v1 (vault)",
        "    degraded, by secondary  orders",
    ]


def test_a_knot_with_a_way_out_is_told_but_nothing_to_put_right() -> None:
    a = Component("a", None, None, AnyOf(("b", "key")))
    held = (Component("b", None, None, AllOf(("a", "c"))), Component("c", None, None, "b"), Component("key", None))
    of = Estate((a, *held), ())
    cycle = lines(list(told(of, analyse(of), {})))
    assert "    stopped all at once, these do not come back: b, c" in cycle
    free = Estate((a, Component("b", None, None, "a"), Component("key", None)), ())
    cycle = lines(list(told(free, analyse(free), {})))
    assert "    stopped all at once, all come back: a gate leaves a way out" in cycle
    assert findings(analyse(free)) == []


@pytest.mark.parametrize(("of", "more"), [(MOST_SETS, ""), (MOST_SETS + 1, "; and 1 more")])
def test_only_so_many_sets_are_written_out(of: int, more: str) -> None:
    nodes = [f"n{index:02}" for index in range(of)]
    many = estate(dict.fromkeys(nodes), {"orders": {"primary": AllOf(tuple(nodes))}})
    (row,) = [line for line in lines(list(told(many, analyse(many), {}))) if line.startswith("    1  ")]
    assert row == f"    1  {'; '.join(nodes[:MOST_SETS])}{more}"


def test_what_was_not_looked_for_is_said() -> None:
    nodes = tuple("abcdef")
    quorum = estate(dict.fromkeys(nodes), {"orders": {"primary": AtLeast(2, nodes)}})
    assert "    all sets of up to 4; there may be others of 5 or more" in lines(list(told(quorum, analyse(quorum), {})))
    whole = lines(list(told(quorum, analyse(quorum, Limits(order=5)), {})))
    assert not [line for line in whole if "there may be others" in line]


def test_a_prediction_tells_the_worst_first() -> None:
    rows = [row.head + row.text for row in predicted(WHOLE, predict(WHOLE, frozenset(["v1"])))]
    assert rows == [
        "  locked out after 90s    reports",
        "  degraded, by secondary  orders",
        "  not declared  idle",
    ]


def test_for_machines() -> None:
    document = json.loads(json.dumps(analysis_document(WHOLE, analyse(WHOLE), {})))
    assert document["cut_sets"]["orders"] == {
        "sets": [["db"], ["zone"], ["v1", "v2"]],
        "complete": True,
        "exact_up_to": len(Numbering(WHOLE).bit),
    }
    assert list(document["single_points"]) == ["zone", "db", "dns", "v1"]
    assert document["domains"]["v1"] == {
        "orders": {"fate": "degraded", "by": "secondary", "holds_seconds": None},
        "reports": {"fate": "locked-out", "by": None, "holds_seconds": 90.0},
    }
    assert document["cycles"] == [
        {
            "members": ["v1", "v2"],
            "stuck": ["v1", "v2"],
            "edges": [
                {"source": one, "target": other, "kind": "needs_to_start", "file": None, "line": None, "column": None}
                for one, other in (("v1", "v2"), ("v2", "v1"))
            ],
        }
    ]
    assert document["shared"] == [{"workload": "orders", "paths": ["primary", "secondary"], "components": ["zone"]}]
    assert document["undeclared"] == ["idle"]
    assert {"name": "zone", "role": "place"} in document["components"]
    assert prediction_document({"a": Prediction(Fate.SAFE, "primary")}) == {
        "a": {"fate": "safe", "by": "primary", "holds_seconds": None}
    }
