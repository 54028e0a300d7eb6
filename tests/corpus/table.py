"""Scores in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.corpus.score import Judged, Score
from tests.corpus.stated import Entry


def table(scores: Sequence[Score], corpus: Mapping[str, Entry]) -> str:
    """By group and in all, over all *scores*; then every miss by name."""
    judged = [one for each in scores for one in each.judged]
    groups = sorted({corpus[one.claim.scenario].group for one in judged})
    lines = [f"{'group':<14} {'scenarios':>9}   {'planted mistakes found':>22}   {'sound claims not accused':>24}"]
    for group in groups:
        lines.append(_row(group, [one for one in judged if corpus[one.claim.scenario].group == group]))
    lines.append(_row("all", judged))
    whole = Score(tuple(judged))
    times = f"{len(scores)} time{'s' * (len(scores) != 1)}"
    lines += ["", f"sensitivity {whole.sensitivity:.1%}, specificity {whole.specificity:.1%}, {times}"]
    for number, each in enumerate(scores, start=1):
        lines += [f"  time {number}: {_miss(one)}" for one in each.misses]
        lines += [f"  time {number}: {words}" for words in each.beside]
    return "\n".join(lines)


def _row(name: str, judged: Sequence[Judged]) -> str:
    planted, sound = [one for one in judged if one.planted], [one for one in judged if not one.planted]
    scenarios = len({one.claim.scenario for one in judged})
    return f"{name:<14} {scenarios:>9}   {_of(planted):>22}   {_of(sound):>24}"


def _of(judged: Sequence[Judged]) -> str:
    return f"{sum(one.right for one in judged)} of {len(judged)}"


def _miss(one: Judged) -> str:
    where = f" ({one.run})" if one.run else ""
    why = f": {one.words}" if one.words else ""
    return f"{one.claim}: {one.stated} is right, got {one.got}{why}{where}"
