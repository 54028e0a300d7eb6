"""The small signs on a lane of the drawn timeline: flags, credentials, containers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

from harness.checks.judgement import Status
from harness.report import words
from harness.report.lane import ContainerMark, CredentialKind, CredentialMark
from harness.report.timeline import ExpectationMark

_SAME_PLACE = 10.0
_LABEL = 118.0  # room a label of a flag needs


@dataclass(frozen=True, slots=True)
class Flag:
    """Limits that end at the same place on a lane. A met one points down filled, a missed one is crossed."""

    x: float
    status: str  # met, missed, unknown
    label: str
    title: str

    def render(self, top: float, foot: float) -> str:
        sign = {
            "met": f'<path class="cloth" d="M{_n(self.x)} {_n(top)}h-10l3 4l-3 4h10z"/>',
            "missed": f'<path class="cloth" d="M{_n(self.x - 9)} {_n(top)}l8 8m0-8l-8 8"/>',
            "unknown": f'<path class="cloth" d="M{_n(self.x)} {_n(top)}h-10l3 4l-3 4h10z"/>',
        }[self.status]
        label = ""
        if self.label:
            label = f'<text x="{_n(self.x - 13)}" y="{_n(top + 6.5)}" text-anchor="end">{escape(self.label)}</text>'
        return (
            f'<g class="flag {self.status}"><title>{escape(self.title)}</title>'
            f'<path class="pole" d="M{_n(self.x)} {_n(top)}V{_n(foot)}"/>{sign}{label}</g>'
        )


def flags(marks: Iterable[ExpectationMark], x_of: Callable[[float], float]) -> dict[str, tuple[Flag, ...]]:
    """The flags of each workload, from left to right; claims without a deadline have none."""
    placed: dict[str, list[list[tuple[float, ExpectationMark]]]] = {}
    for mark in sorted((m for m in marks if m.deadline is not None), key=lambda m: m.deadline or 0.0):
        x = x_of(mark.deadline or 0.0)
        groups = placed.setdefault(mark.workload, [])
        if groups and x - groups[-1][-1][0] < _SAME_PLACE:
            groups[-1].append((x, mark))
        else:
            groups.append([(x, mark)])
    found: dict[str, tuple[Flag, ...]] = {}
    for workload, groups in placed.items():
        row = []
        before = 0.0
        for group in groups:
            x = group[0][0]
            row.append(_flag(x, [mark for _, mark in group], labelled=x - before >= _LABEL))
            before = x
        found[workload] = tuple(row)
    return found


def _flag(x: float, marks: list[ExpectationMark], *, labelled: bool) -> Flag:
    if any(mark.status in (Status.FAIL, Status.ACCEPTED) for mark in marks):
        status = "missed"
    elif any(mark.status is Status.INCONCLUSIVE for mark in marks):
        status = "unknown"
    else:
        status = "met"
    names = [words.clean(mark.expectation) for mark in marks]
    label = names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"
    title = "; ".join(
        words.clean(
            f"{m.expectation} {m.limit}: limit at {words.clock(m.deadline or 0.0)}, {words.STATUS_WORDS[m.status]}"
        )
        for m in marks
    )
    return Flag(x, status, label if labelled else "", title)


def credential_mark(mark: CredentialMark, x: float, y: float) -> str:
    title = f"{mark.kind.value} at {words.clock(mark.t)}"
    if mark.source:
        title += f" by {mark.source}"
    if mark.fingerprint:
        title += f", credential {mark.fingerprint}"
    if mark.kind is CredentialKind.RENEWAL:
        shape = f'<circle class="renewal" cx="{_n(x)}" cy="{_n(y)}" r="1.7">{{}}</circle>'
    else:
        shape = f'<path class="credential" d="M{_n(x)} {_n(y - 4.5)}l4.5 4.5l-4.5 4.5l-4.5-4.5z">{{}}</path>'
    return shape.format(f"<title>{escape(words.clean(title))}</title>")


def container_mark(mark: ContainerMark, x: float, middle: float) -> str:
    """A death is a cross at the foot of the bar, a start a triangle pointing on."""
    title = f"{mark.action} at {words.clock(mark.t)}"
    if mark.exit_code is not None:
        title += f", exit code {mark.exit_code}"
    if mark.by_lockout:
        title += ", by lockout"
    y = middle + 18
    if mark.action in ("die", "oom"):
        shape = f'<path class="died" d="M{_n(x - 3.5)} {_n(y - 3.5)}l7 7m0-7l-7 7">'
    else:
        shape = f'<path class="started" d="M{_n(x - 3)} {_n(y - 4)}l7 4l-7 4z">'
    return f"{shape}<title>{escape(words.clean(title))}</title></path>"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
