"""The timeline in characters: a ruler, one line per fault, one line per workload. Legible without colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text

from harness.report import narrative, words
from harness.report.lane import Lane, Segment, State
from harness.report.model import ReportInput
from harness.report.scale import ticks
from harness.report.timeline import FaultBand

_COLUMNS = 60  # of the drawing, where there is room
_LEAST_COLUMNS = 16
_MOST_LABEL = 30
_MOST_BANDS = 8
_EDGE = 0.02  # part of a cell that a state must cover to be seen in it: the rest is rounding


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of one kind of output."""

    states: dict[State, str]
    fault: tuple[str, str, str]  # begin, middle, end
    operator: tuple[str, str, str]
    tick: str
    ellipsis: str
    plain: Callable[[str], str]


UNICODE = Glyphs(
    {State.UP: "━", State.DOWN: "×", State.BREAK_GLASS: "◆", State.NO_DATA: "·", State.MIXED: "≈"},
    ("├", "─", "┤"),
    ("┝", "╌", "┥"),
    "╷",
    "…",
    str,
)
ASCII = Glyphs(
    {State.UP: "=", State.DOWN: "x", State.BREAK_GLASS: "#", State.NO_DATA: ".", State.MIXED: "~"},
    ("[", "-", "]"),
    ("<", "-", ">"),
    "'",
    "~",
    words.to_ascii,
)
_STYLES = {
    State.UP: "green",
    State.DOWN: "bold red",
    State.BREAK_GLASS: "yellow",
    State.NO_DATA: "dim",
    State.MIXED: "magenta",
}
# A moment without access is never hidden by the time around it.
_PRIORITY = (State.DOWN, State.MIXED, State.BREAK_GLASS, State.UP, State.NO_DATA)


def timeline_lines(report: ReportInput, width: int, glyphs: Glyphs) -> list[Text]:
    """The lines, none longer than *width*; none at all where nothing happened over time."""
    timeline = report.timeline
    lanes = timeline.lanes_of(report.judgement)
    if timeline.end <= timeline.start or not lanes:
        return []
    bands = timeline.bands[:_MOST_BANDS]
    names = [lane.workload for lane in lanes] + [narrative.describe_band(band) for band in bands]
    room = max(min(_MOST_LABEL, width - _LEAST_COLUMNS - 2), 4)
    label_width = min(max(len(words.clean(name)) for name in names), room)
    drawing = _Drawing(
        timeline.start, timeline.end, max(min(_COLUMNS, width - label_width - 2), 1), label_width, glyphs
    )
    lines = [drawing.axis_labels(), drawing.axis_ticks()]
    lines += [drawing.band(band) for band in bands]
    if len(timeline.bands) > len(bands):
        lines.append(Text(f"{len(timeline.bands) - len(bands)} more faults in the report", "dim"))
    lines += [drawing.lane(lane) for lane in lanes]
    lines.append(drawing.legend(lanes))
    return lines


@dataclass(frozen=True, slots=True)
class _Drawing:
    start: float
    end: float
    columns: int
    label_width: int
    glyphs: Glyphs

    def _label(self, text: str, style: str = "") -> Text:
        name = words.clean(text)
        if len(name) > self.label_width:
            name = name[: self.label_width - 1] + self.glyphs.ellipsis
        return Text(f"{self.glyphs.plain(name):<{self.label_width}}  ", style)

    def _column(self, t: float) -> int:
        part = (t - self.start) / (self.end - self.start)
        return min(max(int(part * self.columns), 0), self.columns - 1)

    def _marks(self) -> list[tuple[int, str]]:
        most = max(self.columns // 9, 1)
        return [(self._column(t), f"{t:g} s") for t in ticks(self.start, self.end, most)]

    def axis_labels(self) -> Text:
        cells = [" "] * (self.columns + 8)
        free = 0
        for column, label in self._marks():
            if column >= free and column + len(label) <= self.columns:
                cells[column : column + len(label)] = label
                free = column + len(label) + 1
        return self._label("").append("".join(cells).rstrip(), "dim")

    def axis_ticks(self) -> Text:
        cells = [" "] * self.columns
        for column, _ in self._marks():
            cells[column] = self.glyphs.tick
        return self._label("").append("".join(cells).rstrip(), "dim")

    def band(self, band: FaultBand) -> Text:
        begin, middle, end = self.glyphs.operator if band.operator else self.glyphs.fault
        first = self._column(band.start)
        last = self._column(band.end) if band.end is not None else self.columns - 1
        cells = [" "] * self.columns
        cells[first : last + 1] = middle * (last - first + 1)
        if band.end is not None:
            cells[last] = end
        cells[first] = begin
        style = "blue" if band.operator else "bold"
        return self._label(narrative.describe_band(band), style).append("".join(cells).rstrip(), style)

    def lane(self, lane: Lane) -> Text:
        line = self._label(lane.workload)
        for state in self._cells(lane.segments):
            line.append(self.glyphs.states[state], _STYLES[state])
        return line

    def _cells(self, segments: Sequence[Segment]) -> list[State]:
        """The most telling state of each column; in one pass, as both are in order."""
        width = (self.end - self.start) / self.columns
        seen: list[set[State]] = [set() for _ in range(self.columns)]
        for segment in segments:
            for column in range(self._column(segment.start), self._column(segment.end) + 1):
                left = self.start + column * width
                covered = min(segment.end, left + width) - max(segment.start, left)
                if covered > _EDGE * width or (segment.state is State.DOWN and segment.length <= width / 2):
                    seen[column].add(segment.state)
        return [next((state for state in _PRIORITY if state in found), State.NO_DATA) for found in seen]

    def legend(self, lanes: Sequence[Lane]) -> Text:
        used = {segment.state for lane in lanes for segment in lane.segments} | {State.UP, State.DOWN}
        shown = [state for state in State if state in used]
        length = sum(len(state.value) + 5 for state in shown) - 3
        line = self._label("") if length <= self.columns else Text()
        for index, state in enumerate(shown):
            line.append(self.glyphs.states[state], _STYLES[state])
            line.append(f" {state.value}{'   ' if index < len(shown) - 1 else ''}", "dim")
        return line
