"""Who loses access with what is lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from harness.domains.model import CACHED, Estate, Fate, Path, Prediction, Workload
from harness.topology.needs import stands

NOBODY: frozenset[str] = frozenset()


def predict(
    estate: Estate, lost: Set[str], for_seconds: float | None = None, restarted: Set[str] = NOBODY
) -> Mapping[str, Prediction]:
    """The fate of every workload that declares access paths while the components *lost* are lost.

    *for_seconds*: how long; a cached path that lasts as long stands. None is for good: such a path does not stand,
    and the prediction only tells how long it holds. *restarted*: stopped as well, and to come up again meanwhile,
    which takes what each of them needs to start; nothing is cached in them any more.

    Raises ValueError for a name that is no component, and for an estate whose components need each other in a circle.
    """
    loss = _Loss(estate, frozenset(lost), for_seconds, frozenset(restarted))
    up = loss.standing()
    return {one.name: loss.fate(one, up) for one in estate.workloads}


def standing(estate: Estate, lost: Set[str], restarted: Set[str] = NOBODY) -> frozenset[str]:
    """Components that do their work in the end, when *lost* is lost for good. Raises as :func:`predict`."""
    return _Loss(estate, frozenset(lost), None, frozenset(restarted)).standing()


@dataclass(frozen=True, slots=True)
class _Loss:
    estate: Estate
    lost: frozenset[str]
    for_seconds: float | None
    restarted: frozenset[str]

    def __post_init__(self) -> None:
        if unknown := (self.lost | self.restarted) - self.estate.component.keys():
            raise ValueError(f"no component: {', '.join(sorted(unknown))}")

    def standing(self) -> frozenset[str]:
        down = self.lost | self.restarted
        while True:
            up = self._without(down)
            # What is to start sees everything as it stands now; only then may others count on it.
            back = {name for name in down - self.lost if self._starts(name, up)}
            if not back:
                return up
            down -= back

    def _without(self, down: frozenset[str]) -> frozenset[str]:
        up = set(self.estate.ordered) - down
        while True:
            before = len(up)
            for name in self.estate.ordered:
                if name in up and not self._works(name, up):
                    up.remove(name)
            # The order does not know of cached paths: what only they need may have fallen after who uses them.
            if len(up) == before:
                return frozenset(up)

    def _starts(self, name: str, up: frozenset[str]) -> bool:
        return self._works(name, up) and stands(self.estate.component[name].needs_to_start, up.__contains__)

    def _works(self, name: str, up: Set[str]) -> bool:
        """Whether all is there that *name* needs; for a workload also one of its paths."""
        workload = self.estate.workload.get(name)
        return self._runs(name, up) and (workload is None or any(self._usable(workload, up)))

    def _runs(self, name: str, up: Set[str]) -> bool:
        return stands(self.estate.component[name].needs, up.__contains__)

    def _usable(self, workload: Workload, up: Set[str]) -> Iterator[Path]:
        for path in workload.paths:
            lasts = path.lasts is None or (self.for_seconds is not None and self.for_seconds <= path.lasts)
            if lasts and self._there(workload, path, up):
                yield path

    def _there(self, workload: Workload, path: Path, up: Set[str]) -> bool:
        gone = path.name == CACHED and workload.name in self.restarted
        return not gone and stands(path.needs, up.__contains__)

    def fate(self, workload: Workload, up: frozenset[str]) -> Prediction:
        if workload.name in up:
            by = next(self._usable(workload, up)).name
            return Prediction(Fate.SAFE if by == workload.paths[0].name else Fate.DEGRADED, by)
        if workload.name in self.lost or not self._runs(workload.name, up):
            return Prediction(Fate.LOCKED_OUT)
        held = [path.lasts for path in workload.paths if path.lasts is not None and self._there(workload, path, up)]
        return Prediction(Fate.LOCKED_OUT, None, max(held, default=None))
