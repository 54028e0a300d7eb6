"""Several runs one after the other; those of one topology share a lab for as long as it is as good as new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from harness.lab.engine import Engine
from harness.lab.errors import EnvironmentUnusable
from harness.lab.plugins import Compose
from harness.lab.progress import Progress
from harness.run.held import HeldLab, LabKey, NotFit, keeps_state
from harness.run.prepare import Prepared
from harness.run.runner import RunDone, Runner, RunOptions
from harness.run.signals import SignalGate


class Show(Protocol):
    """Where one run is shown to whoever watches."""

    def __call__(self) -> AbstractContextManager[Progress]: ...


def in_order(prepared: Sequence[Prepared]) -> list[Prepared]:
    """Those that can share a lab one after the other, in the order of the first of each kind."""
    keys = list(dict.fromkeys(LabKey.of(one) for one in prepared))
    return sorted(prepared, key=lambda one: keys.index(LabKey.of(one)))


class Series:
    """Runs prepared scenarios. Whatever happens, no lab is left when ``runs`` has ended."""

    def __init__(self, engine: Engine, compose: Compose, options: RunOptions, show: Show, share: bool) -> None:
        self._engine = engine
        self._compose = compose
        self._options = options
        self._show = show
        self._share = share
        self._held: HeldLab | None = None

    def runs(self, prepared: Sequence[Prepared], gate: SignalGate) -> Iterator[RunDone]:
        """Each run when it has ended, until a signal ends them all. Raises what ``Runner.run`` does."""
        order = in_order(prepared) if self._share else list(prepared)
        try:
            for index, one in enumerate(order):
                rest = [other for other in order[index + 1 :] if self._share and LabKey.of(other) == LabKey.of(one)]
                done = self._one(one, [] if keeps_state(one) else rest, gate)
                if done.signal is not None:
                    self._let_go()  # before anybody is told that it is gone
                yield done
                if done.signal is not None:
                    return
        finally:
            gate.close()
            self._let_go()

    def _one(self, one: Prepared, rest: Sequence[Prepared], gate: SignalGate) -> RunDone:
        gate.open()
        held = self._fit(one)
        if held is not None:
            try:
                done = self._attempt(one, rest, gate, held)
            except EnvironmentUnusable as error:
                self._say(f"the lab is not used again: {error.message}")
            else:
                if not done.unsteady or done.signal is not None:
                    return done
            # What is wrong with the lab did not show in its inventory: so it is not this workload's fault, perhaps.
            gate.open()
        return self._attempt(one, rest, gate, None)

    def _attempt(self, one: Prepared, rest: Sequence[Prepared], gate: SignalGate, held: HeldLab | None) -> RunDone:
        runner: Runner | None = None
        with self._show() as progress:
            try:
                runner = Runner(one, self._engine, self._compose, self._options, progress, rest, held)
                done = runner.run(gate)
            except BaseException:
                left = (runner.held if runner is not None else None) or held
                if left is not None:
                    left.remove()  # whatever of it is still there
                self._held = None  # not before: a signal may cut short even this
                raise
            self._held = runner.held
            return done

    def _fit(self, one: Prepared) -> HeldLab | None:
        """The lab of the last run, if it can be used for *one*."""
        held = self._held
        if held is None:
            return None
        if held.key == LabKey.of(one):
            with self._show() as progress:
                progress.step("making the lab as good as new")
                try:
                    held.make_fit()
                    return held
                except NotFit as error:
                    progress.done(f"the lab is not used again: {error}")
        self._let_go()
        return None

    def _say(self, text: str) -> None:
        with self._show() as progress:
            progress.done(text)

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            with self._show() as progress:
                progress.step("removing the lab")
                left = held.remove()
                progress.done("lab removed" if not left else f"the lab could not be removed whole: {'; '.join(left)}")
