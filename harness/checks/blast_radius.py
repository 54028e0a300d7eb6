from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from harness.checks.args import AboutRun, Around
from harness.checks.judgement import Observed, RadiusRow, Result
from harness.checks.radius import LONGEST_GAP, failing_open, lockouts, radius
from harness.checks.registry import CannotTellError, expectation
from harness.checks.verdict import Evidence, Finding, failed, inconclusive, passed
from harness.checks.windows import first_inject
from harness.history.index import History
from harness.scenario.base import Duration, Texts, format_duration
from harness.scenario.messages import Found, nested

_FORMS = ("as", "only", "at_most")


class Args(AboutRun):
    """One of ``as``, ``only`` and ``at_most``. ``predicted`` alone is short for ``{as: predicted}``."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in _FORMS]})
    short: ClassVar[str] = "predicted"

    like: Literal["predicted"] | None = Field(
        None, alias="as", description="Who is locked out is who was to be, by what the topology declares."
    )
    only: Texts | None = Field(None, description="Nobody but these workloads is locked out.")
    at_most: int | None = Field(None, ge=0, description="No more workloads than this are locked out.")
    max_outage: Duration = Field(
        LONGEST_GAP, ge=0, description="How long a workload may be without access and does not count as locked out."
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value != cls.short:
            text = f"expected 'predicted', or a mapping with 'only' or 'at_most', not {value!r}"
            raise PydanticCustomError("lockout.radius", "{text}", {"text": text})
        return {"as": value}

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        values = zip(_FORMS, (self.like, self.only, self.at_most), strict=True)
        given = [name for name, value in values if value is not None]
        if len(given) != 1:
            found = " and ".join(map(repr, given)) or "none of them"
            raise ValueError(f"needs exactly one of 'as', 'only' and 'at_most', but there is {found}")
        if self.only == ():
            raise nested([Found(("only",), "must not be empty; write 'at_most: 0' when nobody may be locked out")])
        for index, name in enumerate(self.only or ()):
            if self.only and name in self.only[:index]:
                raise nested([Found(("only", index), f"{name!r} is listed twice")])
        return self

    def in_words(self) -> str:
        gap = "" if self.max_outage == LONGEST_GAP else f", not counting outages of {format_duration(self.max_outage)}"
        if self.only is not None:
            return f"only {', '.join(self.only)}{gap}"
        return ("as predicted" if self.at_most is None else f"at most {self.at_most}") + gap

    def pointless(self, around: Around) -> Iterator[tuple[str, str]]:
        count = len(around.workloads)
        if self.at_most is not None and self.at_most >= count:
            there_are = "is 1 workload" if count == 1 else f"are {count} workloads"
            yield "at_most", f"can never fail: there {there_are}"
        if self.only is not None and set(around.workloads) <= set(self.only):
            yield "only", "can never fail: these are all the workloads that there are"
        if self.like and around.unpredicted:
            yield "", f"can never be settled, for nothing is predicted; {around.unpredicted}"


@expectation("blast_radius", Args)
def check(history: History, results: Sequence[Result], args: Args) -> Finding:
    """The faults lock out those workloads that they were predicted to, or nobody but some, or no more than so many.

    A claim about the run as a whole: it stands in an entry without `workload`. Locked out is whoever has no access for
    longer than ``max_outage`` at a stretch, while a fault is on; what becomes of it after the undo is for other
    expectations. What happens in an instant is on until the run ends.

    ``predicted`` compares with what the topology's `needs` and `access` foretell, which stands in the history from
    before anything was started. Whoever was predicted to have access and is locked out has a hidden dependency, or a
    path that does not do what is declared; whoever was predicted to be locked out and is not has an undeclared path, or
    declares a need that is none. Both fail it. Not compared are workloads without a prediction. A cached path may last
    longer than it says, so that surviving on one is as predicted.

    Inconclusive when nothing is predicted; when of somebody who matters it cannot be told whether access was lost,
    because samples are missing or the run ended before the undo; and when a difference may come from a fault that did
    not bite, lasted too short a time (less than twice ``max_outage`` without access were predicted), or longer than
    planned.
    """
    first_inject(history)
    rows = radius(history, args.max_outage, failing_open(results))
    out = [row for row in rows if row.observed is Observed.LOCKED_OUT]
    unknown = [row for row in rows if row.observed is None]
    evidence = tuple(_evidence(history, row, args.max_outage) for row in out)
    if args.only is not None:
        others = [row for row in out if row.workload not in args.only]
        if others:
            return failed(f"{_who(others)} locked out, not only {_listing(args.only)}", *evidence)
        if left := [row for row in unknown if row.workload not in args.only]:
            return inconclusive(_unseen(left), *evidence)
        return passed(f"{_who(out)} locked out" if out else "nobody was locked out", *evidence)
    if args.at_most is not None:
        if len(out) > args.at_most:
            return failed(f"{_who(out)} locked out: {len(out)}, and at most {args.at_most} may be", *evidence)
        if unknown and len(out) + len(unknown) > args.at_most:
            return inconclusive(_unseen(unknown), *evidence)
        return passed(f"{_who(out)} locked out" if out else "nobody was locked out", *evidence)
    return _as_predicted(rows, out, evidence)


def _as_predicted(rows: Sequence[RadiusRow], out: Sequence[RadiusRow], evidence: tuple[Evidence, ...]) -> Finding:
    compared = [row for row in rows if row.predicted is not None]
    if not compared:
        why = f"nothing is predicted; {rows[0].workload}: {rows[0].remark}" if rows else "no workload was probed"
        raise CannotTellError(why)
    if wrong := [row for row in compared if row.difference]:
        return failed("; ".join(f"{row.workload} {row.difference}" for row in wrong), *evidence)
    if unsettled := [row for row in compared if not row.settled]:
        why = "; ".join(f"{row.workload}: {row.remark or row.observed_words}" for row in unsettled)
        return inconclusive(why, *evidence)
    who = f"{_who(out)} locked out, and nobody else" if out else "nobody was locked out"
    rest = [f"{row.workload} ({row.remark})" for row in rows if row.predicted is None]
    return passed(f"as predicted, {who}" + (f"; not compared: {', '.join(rest)}" if rest else ""), *evidence)


def _evidence(history: History, row: RadiusRow, longest_gap: float) -> Evidence:
    first = lockouts(history, row.workload, longest_gap)[0]
    return Evidence(first.start, f"{row.workload} was {row.observed_words}: {first.why or 'no reason given'}")


def _unseen(rows: Sequence[RadiusRow]) -> str:
    return "; ".join(f"{row.workload}: {row.observed_words}" for row in rows)


def _who(rows: Sequence[RadiusRow]) -> str:
    return f"{_listing([row.workload for row in rows])} {'was' if len(rows) == 1 else 'were'}"


def _listing(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
