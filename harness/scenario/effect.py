"""What a fault takes away, as far as that can be told before anything is injected. Plain data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

EVERY_WORKLOAD = frozenset({"*"})
"""As ``Effect.of``: all workloads, and nobody else. No service can be called that."""

# Why nobody can tell whom a fault locks out, to go on from its name and target.
UNFORESEEN = "changes what is held or answered there, and no need that is declared tells who depends on that"
UNFORESEEN_SLOW = "makes it slow, and no topology tells how long its clients wait"
UNFORESEEN_PARTIAL = "hits some requests and not others, and no topology tells who makes which"


@dataclass(frozen=True, slots=True)
class Effect:
    """What is so while the fault lasts. Names are those of components of the topology.

    *lost*: they do nothing for anybody or, with *of*, nothing for these workloads themselves; whatever else needs them
    still has them. *unheard*: what is asked of them may be carried out all the same, and the answer is lost.
    *restarted*: stopped and started anew, so that nothing is cached in them any more. *opens*: their break-glass is
    open.
    """

    lost: frozenset[str] = frozenset()
    of: frozenset[str] | None = None
    unheard: bool = False
    restarted: frozenset[str] = frozenset()
    opens: frozenset[str] = frozenset()


def gone(target: str, workloads: Collection[str] = (), *, unheard: bool = False) -> Effect:
    """*target* does nothing, for *workloads* or, when there are none, for anybody."""
    return Effect(frozenset({target}), frozenset(workloads) or None, unheard)


def refuses(target: str, workloads: Collection[str] = ()) -> Effect:
    """*target* turns *workloads* away or, when there are none, all workloads; it is there for everything else."""
    return Effect(frozenset({target}), frozenset(workloads) or EVERY_WORKLOAD)
