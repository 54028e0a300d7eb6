"""How numbers and verdicts are written: one place, so that all reports say the same thing the same way."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime

from harness.checks.judgement import Measured, RadiusRow, Result, Status, WorkloadSummary
from harness.checks.verdict import Outcome

NOTHING = "–"  # a cell that has nothing to say

STATUS_WORDS = {
    Status.PASS: "pass",
    Status.DEGRADED: "degraded",
    Status.ACCEPTED: "accepted risk",
    Status.ACCEPTED_PASSES: "accepted risk, passes",
    Status.INCONCLUSIVE: "inconclusive",
    Status.FAIL: "fail",
}

STATUS_GLYPHS = {
    Status.PASS: "✔",
    Status.DEGRADED: "!",
    Status.ACCEPTED: "~",
    Status.ACCEPTED_PASSES: "~",
    Status.INCONCLUSIVE: "?",
    Status.FAIL: "✘",
}

OUTCOME_WORDS = {Outcome.PASS: "PASS", Outcome.INCONCLUSIVE: "INCONCLUSIVE", Outcome.FAIL: "FAIL"}

_ASCII = str.maketrans(
    {"✔": "+", "✘": "x", "±": "+/-", "–": "-", "·": "|", "…": "...", "≤": "<=", "≥": ">=", "→": "->", "’": "'"}
)
_SPACES = dict.fromkeys(map(ord, "\t\n\r\v\f"), " ")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def visible(text: str) -> str:
    """*text* without characters that could steer a terminal, reorder what is read, or are not allowed in XML."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.translate(_SPACES))


def clean(text: str) -> str:
    """*text* made :func:`visible`, on one line, with single spaces."""
    return " ".join(visible(text).split())


def to_ascii(text: str) -> str:
    """*text* for an output that can write ASCII only; what has no near equivalent becomes ``?``."""
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")


def seconds(value: float, decimals: int = 1) -> str:
    """``1.2 s``; exactly nothing is ``0 s``."""
    if value == 0:
        return "0 s"
    return f"{value:.{decimals}f} s"


def clock(t: float) -> str:
    """A moment on the run's clock: ``25.1 s``."""
    return f"{t:.1f} s"


def span(value: float) -> str:
    """A length of time whose tenths nobody needs once it is long: ``38.4 s``, ``2 min 05 s``, ``1 h 02 min``."""
    if value < 119.95:
        return seconds(value)
    whole = round(value)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def plus_minus(measured: Measured) -> str:
    """``1.2 s ± 0.1 s``.

    The error decides the decimals and is rounded up, except for a hundredth part of what is shown: a sampling
    period of 100 ms that came out as 103 ms is still ``± 0.1 s``, 120 ms is ``± 0.2 s``.
    """
    if measured.error <= 0:
        return seconds(measured.seconds)
    decimals = 1 if measured.error >= 0.05 else 2 if measured.error >= 0.005 else 3
    scale = 10**decimals
    error = max(math.ceil(measured.error * scale - 0.1), 1) / scale
    return f"{measured.seconds:.{decimals}f} s ± {error:.{decimals}f} s"


def outage(workload: WorkloadSummary) -> str:
    if workload.outage is None:
        return "no data"
    if not _had_one(workload.outage) and not workload.locked_out:
        return "none"
    return plus_minus(workload.outage)


def _had_one(outage: Measured) -> bool:
    """Whether there was an outage, be it too short to measure."""
    return outage.seconds > 0 or outage.error > 0


def time_to_recover(workload: WorkloadSummary) -> str:
    if workload.outage is None:
        return "no data"
    if workload.locked_out or workload.recover is None:
        return "never"
    if not _had_one(workload.outage):
        return NOTHING
    if workload.recover.seconds <= 0:
        return "before undo"
    return plus_minus(workload.recover)


def time_to_detect(workload: WorkloadSummary) -> str:
    return NOTHING if workload.detect is None else plus_minus(workload.detect)


def status(value: Status) -> str:
    return f"{STATUS_GLYPHS[value]} {STATUS_WORDS[value]}"


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 claim``, ``3 claims``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listing(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def whose(workload: str) -> str:
    """The workload, or what a claim without one is about."""
    return clean(workload) or "the run as a whole"


def compared(row: RadiusRow) -> str:
    """``as predicted``, ``✘ differs`` or, where the two could not be compared, ``? open``."""
    if row.predicted is None:
        return NOTHING
    if row.difference:
        return f"{STATUS_GLYPHS[Status.FAIL]} differs"
    return "as predicted" if row.settled else f"{STATUS_GLYPHS[Status.INCONCLUSIVE]} open"


def claim(result: Result) -> str:
    """``re_authenticates within 10s after undo``; for the run itself the name in words: ``undo verified``."""
    name = result.expectation if result.workload else result.expectation.replace("_", " ")
    return clean(f"{name} {result.limit}".strip())


def wall(moment: datetime) -> str:
    return moment.strftime("%d %B %Y, %H:%M:%S %Z").strip(" ,").lstrip("0")
