"""Time to analyse the failure domains of a large estate, and how large an estate may be."""

from __future__ import annotations

import time

from benchmarks.result import Figure, FigureResult, Row, Wish

COMPONENTS = 2_000
TARGET_SECONDS = 5.0
LARGEST = 64_000  # no more than this is tried
RUNS = 5


def measure(wish: Wish) -> FigureResult:
    from benchmarks.estates import dependencies, large
    from harness.domains.analyse import analyse
    from harness.domains.model import Analysis, Estate

    def seconds(estate: Estate) -> tuple[float, Analysis]:
        began = time.perf_counter()
        analysis = analyse(estate)
        return time.perf_counter() - began, analysis

    def fresh(components: int) -> Estate:
        return large(components)  # an estate remembers what was asked of it, so each analysis has its own

    counted = dependencies(fresh(COMPONENTS))
    taken = []
    for _ in range(wish.repetitions(RUNS)):
        passed, analysis = seconds(fresh(COMPONENTS))
        taken.append(passed)
    exact = [cuts.exact_up_to for cuts in analysis.cuts.values()]
    wish.say("domains: the largest")
    size, largest = COMPONENTS, COMPONENTS
    while size < LARGEST:
        size = size * 5 // 4
        if seconds(fresh(size))[0] > TARGET_SECONDS:
            break
        largest = size
    return FigureResult(
        "domains",
        (
            Row(
                f"failure domains, {COMPONENTS:,} components with {counted:,} dependencies",
                "s",
                tuple(taken),
                target=TARGET_SECONDS,
                statistic="max",
            ),
            Row(f"largest estate analysed within {TARGET_SECONDS:g} s", "components", (float(largest),)),
        ),
        (),
        (
            f"of {COMPONENTS:,} components: all {len(analysis.single_points):,} single points of lockout found; "
            f"cut sets exact up to order {min(exact)} for every workload"
            + (f", to {max(exact)} for some" if max(exact) > min(exact) else ""),
        ),
    )


FIGURE = Figure("domains", "failure domains of 2,000 components, and the largest estate", measure)
