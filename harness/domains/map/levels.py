"""Things in a column, each as near to where it wants to be as its neighbours allow. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def levelled(
    wanted: Sequence[float], weights: Sequence[float], heights: Sequence[float], apart: Sequence[float]
) -> list[float]:
    """Tops, in the given order, with at least *apart* between one thing and the next.

    They minimise the sum of weighted squares of the distances from *wanted*: without the room that each takes it is
    the problem of a rising sequence, which pooling neighbours that violate it solves exactly.
    """
    offsets = [0.0]
    for height, gap in zip(heights, apart, strict=False):
        offsets.append(offsets[-1] + height + gap)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, offset, weight in zip(wanted, offsets, weights, strict=False):
        mean, total, count = want - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, its, many = pools.pop()
            mean, total, count = (mean * total + other * its) / (total + its), total + its, count + many
        pools.append((mean, total, count))
    bases = [mean for mean, _, count in pools for _ in range(count)]
    return [base + offset for base, offset in zip(bases, offsets, strict=False)]
