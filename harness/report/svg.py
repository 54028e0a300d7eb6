"""The drawn timeline: an inline SVG for ``report.html``. Geometry only; colours are in the page's CSS.

Every state has a shape of its own (thin bar, tall block, hatched block, dots), so that it reads on grey paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from harness.checks.judgement import Judgement
from harness.report import narrative, words
from harness.report.lane import ContainerMark, CredentialKind, CredentialMark, Lane, Segment, State
from harness.report.model import ReportInput
from harness.report.scale import ticks
from harness.report.svg_marks import Flag, container_mark, credential_mark, flags

WIDTH = 920.0
_GUTTER = 178.0  # left of the drawing, for the names of the lanes
_RIGHT = 14.0
_LANE = 62.0
_BAR = 36.0  # middle of the bar, from the top of the lane: above it flags, then labels; below it marks
_BAND_ROW = 18.0
_AXIS = 24.0
_CHAR = 6.3  # width of a character at the size of labels, on the safe side
_LABEL_CHARS = 22
_PATH_CHARS = 24
_HEIGHTS = {State.UP: 5.0, State.DOWN: 18.0, State.BREAK_GLASS: 12.0, State.NO_DATA: 2.0, State.MIXED: 12.0}
_CLASSES = {
    State.UP: "up",
    State.DOWN: "down",
    State.BREAK_GLASS: "glass",
    State.NO_DATA: "nodata",
    State.MIXED: "mixed",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """Seconds on the run's clock to units of the drawing."""

    start: float
    end: float
    left: float = _GUTTER
    right: float = WIDTH - _RIGHT

    def x(self, t: float) -> float:
        part = (min(max(t, self.start), self.end) - self.start) / (self.end - self.start)
        return self.left + part * (self.right - self.left)


@dataclass(frozen=True, slots=True)
class BandBox:
    """A band with the row of its label, so that labels never overlap."""

    x: float
    width: float
    label_x: float
    anchor: str  # start or end
    row: int
    label: str
    title: str
    operator: bool
    undone: bool
    observed_x: float | None


def render_svg(report: ReportInput) -> str:
    """The whole drawing as an ``<svg>`` element; empty where nothing happened over time."""
    timeline, judgement = report.timeline, report.judgement
    lanes = timeline.lanes_of(judgement)
    if timeline.end <= timeline.start or not lanes:
        return ""
    scale = Scale(timeline.start, timeline.end)
    bands = band_boxes(report, scale)
    rows = 1 + max((band.row for band in bands), default=-1)
    top = 10 + rows * _BAND_ROW + _AXIS
    bottom = top + len(lanes) * _LANE
    marks = flags(timeline.expectation_marks(judgement), scale.x)
    parts = [
        f'<svg class="timeline" viewBox="0 0 {_n(WIDTH)} {_n(bottom + 6)}" role="img" '
        'aria-labelledby="timeline-title timeline-desc" preserveAspectRatio="xMidYMid meet">',
        f'<title id="timeline-title">Timeline of {_t(report.run.scenario)}</title>',
        f'<desc id="timeline-desc">{_t(description(report, lanes))}</desc>',
        _PATTERNS,
        *_bands(bands, top, bottom),
        *_axis(scale, top, bottom),
    ]
    for index, lane in enumerate(lanes):
        parts += _lane(lane, scale, top + index * _LANE, marks.get(lane.workload, ()), judgement)
    parts.append("</svg>")
    return "\n".join(parts)


def description(report: ReportInput, lanes: Sequence[Lane]) -> str:
    """The drawing in words, for those who cannot see it."""
    sentences = [f"{words.count(len(lanes), 'lane')}, {words.span(report.timeline.end - report.timeline.start)}."]
    for band in report.timeline.bands:
        until = "the end" if band.end is None else words.clock(band.end)
        sentences.append(f"{narrative.describe_band(band)} from {words.clock(band.start)} to {until}.")
    for lane in lanes:
        down = lane.down
        if not lane.segments or all(segment.state is State.NO_DATA for segment in lane.segments):
            said = "no data"
        elif down:
            shown = words.listing([f"{words.clock(s.start)} to {words.clock(s.end)}" for s in down[:5]])
            more = f" and {len(down) - 5} more times" if len(down) > 5 else ""
            said = f"down from {shown}{more}"
        else:
            said = "never down"
        sentences.append(f"{words.clean(lane.workload)}: {said}.")
    return " ".join(sentences)


def band_boxes(report: ReportInput, scale: Scale) -> list[BandBox]:
    """The bands with their labels in as few rows as keep them apart."""
    boxes: list[BandBox] = []
    taken: list[list[tuple[float, float]]] = []
    for band in report.timeline.bands:
        x = scale.x(band.start)
        width = max(scale.x(scale.end if band.end is None else band.end) - x, 1.5)
        length = "" if band.end is None else f", {words.span(band.end - band.start)}"
        label = f"{_cut(narrative.describe_band(band), 60)}{length}"
        needed = len(label) * _CHAR + 8
        fits = x + needed <= scale.right
        left = x if fits else max(x + width - needed, 0.0)
        row = 0
        while row < len(taken) and any(left < right and begin < left + needed for begin, right in taken[row]):
            row += 1
        if row == len(taken):
            taken.append([])
        taken[row].append((left, left + needed))
        boxes.append(
            BandBox(
                x,
                width,
                x + 4 if fits else max(x + width, needed) - 2,
                "start" if fits else "end",
                row,
                label,
                _band_title(band.evidence, band.observed, band.error, label),
                band.operator,
                band.end is not None,
                None if band.observed is None else scale.x(band.observed),
            )
        )
    return boxes


def _band_title(evidence: str, observed: float | None, error: str, label: str) -> str:
    seen = f"seen to bite at {words.clock(observed)}: {evidence}" if observed is not None else "never seen to bite"
    return words.clean(". ".join(part for part in (label, seen, error) if part))


def _bands(bands: Iterable[BandBox], top: float, bottom: float) -> list[str]:
    parts = []
    for band in bands:
        kind = "operator" if band.operator else "fault"
        y = 8 + band.row * _BAND_ROW
        right = f"M{_n(band.x + band.width)} {_n(top - 5)}V{_n(bottom)}" if band.undone else ""
        parts.append(
            f'<g class="band {kind}"><title>{_t(band.title)}</title>'
            f'<rect x="{_n(band.x)}" y="{_n(top)}" width="{_n(band.width)}" height="{_n(bottom - top)}"/>'
            f'<path class="edge" d="M{_n(band.x)} {_n(y)}V{_n(bottom)}{right}"/>'
            f'<text x="{_n(band.label_x)}" y="{_n(y + 10)}" text-anchor="{band.anchor}">{_t(band.label)}</text>'
        )
        if band.observed_x is not None and not band.operator:
            parts.append(f'<path class="seen" d="M{_n(band.observed_x)} {_n(top)}l-3.5-6h7z"/>')
        parts.append("</g>")
    return parts


def _axis(scale: Scale, top: float, bottom: float) -> list[str]:
    parts = ['<g class="axis">']
    grid = []
    for t in ticks(scale.start, scale.end, 9):
        x = scale.x(t)
        grid.append(f"M{_n(x)} {_n(top - 4)}V{_n(bottom)}")
        parts.append(f'<text x="{_n(x)}" y="{_n(top - 9)}" text-anchor="middle">{t:g} s</text>')
    parts.append(f'<path class="grid" d="{"".join(grid)}"/></g>')
    return parts


def _lane(lane: Lane, scale: Scale, top: float, marks: Sequence[Flag], judgement: Judgement) -> list[str]:
    name = words.clean(lane.workload)
    middle = top + _BAR
    parts = [
        f'<g class="lane"><path class="rule" d="M0 {_n(top)}H{_n(WIDTH)}"/>',
        f'<text class="name" x="0" y="{_n(middle + 1)}"><title>{_t(name)}</title>{_t(_cut(name, _LABEL_CHARS))}</text>',
    ]
    summary = next((found for found in judgement.workloads if found.workload == lane.workload), None)
    if summary is not None:
        verdict = words.status(summary.status)
        parts.append(f'<text class="verdict s-{summary.status.value}" x="0" y="{_n(middle + 14)}">{_t(verdict)}</text>')
    parts += _segments(lane.segments, scale, middle)
    parts += _credentials(lane.credentials, scale, middle + 18)
    parts += _containers(lane.containers, scale, middle)
    parts += [flag.render(top + 4, middle - 10) for flag in marks]
    parts.append("</g>")
    return parts


def _segments(segments: Sequence[Segment], scale: Scale, middle: float) -> list[str]:
    """One path for all segments of a state, titles only for what is worth pointing at."""
    outlines: dict[State, list[str]] = {}
    for segment in segments:
        x, right = scale.x(segment.start), scale.x(segment.end)
        # An outage is never too short to be seen.
        width = max(right - x, 1.2 if segment.state is State.DOWN else 0.1)
        height = _HEIGHTS[segment.state]
        outlines.setdefault(segment.state, []).append(
            f"M{_n(x)} {_n(middle - height / 2)}h{_n(width)}v{_n(height)}h-{_n(width)}z"
        )
    parts = [
        f'<path class="{_CLASSES[state]}" d="{"".join(outlines[state])}"/>' for state in State if state in outlines
    ]
    return parts + _segment_labels(segments, scale, middle)


def _segment_labels(segments: Sequence[Segment], scale: Scale, middle: float) -> list[str]:
    """Lengths of outages and names of access paths, wherever there is room for them."""
    parts = []
    free = scale.left  # first place above the bar that no label has taken
    several = len({segment.path for segment in segments if segment.path}) > 1
    for segment in segments:
        x, right = scale.x(segment.start), scale.x(segment.end)
        if segment.state is State.DOWN:
            text = "to the end" if right >= scale.right - 0.05 else words.seconds(segment.length)
            if right - x >= len(text) * _CHAR + 6:
                parts.append(
                    _label("length inside", (x + right) / 2, middle + 3.8, text, _down_title(segment), "middle")
                )
                continue
            kind, title = "length beside", _down_title(segment)
        elif segment.state is State.UP and (not several or right - x < len(segment.path) * _CHAR):
            continue
        else:
            kind, title = "path", ""
            text = segment.path if segment.state is State.UP else segment.state.value
            if segment.state is State.NO_DATA and right - x < len(text) * _CHAR:
                continue
        needed = min(len(text), _PATH_CHARS) * _CHAR
        at = max(x, free) if kind == "path" else min(x, scale.right - needed)
        if text and at >= free and (kind != "path" or at + needed <= max(right, x + needed)):
            parts.append(_label(kind, at, middle - 12.5, _cut(text, _PATH_CHARS), title))
            free = at + needed + 4
    return parts


def _down_title(segment: Segment) -> str:
    title = f"down {words.clock(segment.start)} to {words.clock(segment.end)}, {words.seconds(segment.length)}"
    return f"{title}: {segment.error}" if segment.error else title


def _label(kind: str, x: float, y: float, text: str, title: str = "", anchor: str = "start") -> str:
    inner = f"<title>{_t(title)}</title>" if title else ""
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{inner}{_t(text)}</text>'


def _credentials(marks: Sequence[CredentialMark], scale: Scale, y: float) -> list[str]:
    """Renewals give way to changes, and marks that would lie on each other are drawn once."""
    drawn: list[tuple[float, CredentialMark]] = []
    ordered = sorted(marks, key=lambda mark: mark.kind is CredentialKind.RENEWAL)
    for mark in ordered:
        x = scale.x(mark.t)
        near = 3.0 if mark.kind is not CredentialKind.RENEWAL else 7.0
        if all(abs(x - other) >= near for other, _ in drawn):
            drawn.append((x, mark))
    return [credential_mark(mark, x, y) for x, mark in sorted(drawn, key=lambda item: item[0])]


def _containers(marks: Sequence[ContainerMark], scale: Scale, middle: float) -> list[str]:
    parts = []
    last: dict[str, float] = {}
    for mark in marks:
        x = scale.x(mark.t)
        if x - last.get(mark.action, -10.0) >= 2.0:
            parts.append(container_mark(mark, x, middle))
            last[mark.action] = x
    return parts


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _t(text: str) -> str:
    return escape(words.clean(text))


_PATTERNS = (
    "<defs>"
    '<pattern id="hatch-operator" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="hatch-operator" d="M0 0V6"/></pattern>'
    '<pattern id="hatch-glass" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
    '<rect class="hatch-glass-ground" width="4" height="4"/><path class="hatch-glass" d="M0 0V4"/></pattern>'
    '<pattern id="hatch-mixed" width="3" height="3" patternUnits="userSpaceOnUse">'
    '<rect class="hatch-mixed-ground" width="3" height="3"/><path class="hatch-mixed" d="M0 0V3"/></pattern>'
    '<pattern id="dots" width="5" height="2" patternUnits="userSpaceOnUse">'
    '<rect class="dot" width="2" height="2"/></pattern>'
    "</defs>"
)
