"""An analysis, and a prediction, for machines. Its form is open to additions. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from harness.domains.model import Analysis, Cycle, Edge, Estate, Prediction
from harness.scenario.problems import Problem

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


def analysis_document(estate: Estate, analysis: Analysis, written: Mapping[Edge, Problem]) -> dict[str, Json]:
    """All of *analysis*; *written* says where the edges of cycles stand."""
    return {
        "components": [{"name": one.name, "role": one.role} for one in estate.components],
        "single_points": {name: list(workloads) for name, workloads in analysis.single_points.items()},
        "cut_sets": {
            name: {
                "sets": [sorted(one) for one in cuts.sets],
                "complete": cuts.complete,
                "exact_up_to": cuts.exact_up_to,
            }
            for name, cuts in analysis.cuts.items()
        },
        "domains": {name: prediction_document(hit) for name, hit in analysis.domains.items()},
        "cycles": [_cycle(one, written) for one in analysis.cycles],
        "shared": [
            {"workload": one.workload, "paths": list(one.paths), "components": list(one.components)}
            for one in analysis.shared
        ],
        "undeclared": list(estate.undeclared),
    }


def prediction_document(predictions: Mapping[str, Prediction]) -> dict[str, Json]:
    """By workload; ``holds_seconds`` is for how long a cached path delays a lockout."""
    return {
        name: {"fate": str(one.fate), "by": one.by, "holds_seconds": one.holds} for name, one in predictions.items()
    }


def _cycle(cycle: Cycle, written: Mapping[Edge, Problem]) -> Json:
    return {
        "members": list(cycle.members),
        "stuck": list(cycle.stuck),
        "edges": [_edge(edge, written.get(edge)) for edge in cycle.edges],
    }


def _edge(edge: Edge, place: Problem | None) -> Json:
    where: dict[str, Json] = {"file": None, "line": None, "column": None}
    if place is not None:
        where = {"file": str(place.file), "line": place.line or None, "column": place.column or None}
    return {"source": edge.source, "target": edge.target, "kind": edge.kind, **where}
