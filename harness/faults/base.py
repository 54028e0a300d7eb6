"""What a fault is: prepare, inject, observe, undo, and proof that the undo worked.

A fault holds no state. ``prepare`` looks and writes nothing; what it returns is the undo record, which the
conductor writes to the ledger, fsynced, before ``inject`` runs. From that record alone, in another process
after a SIGKILL, ``undo`` must be able to put things right. So a record is data, never code, and holds no secret.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from random import Random
from typing import Any, ClassVar, Generic, TypeVar

from harness.faults.ports import Lab
from harness.scenario.base import LONGEST_FAULT, StrictModel
from harness.scenario.effect import UNFORESEEN, Effect

A = TypeVar("A", bound=StrictModel)
R = TypeVar("R", bound=StrictModel)


class NoArgs(StrictModel):
    """For faults that take no arguments."""


class ServiceRecord(StrictModel):
    """The undo record of faults that need to know only whom they hit."""

    service: str


class Fault(ABC, Generic[A, R]):
    """One way in which the authentication layer breaks. Subclass it in a file of its own, and it is found.

    Class attributes: ``name`` as scenarios write it, where possible the failure catalogue's id; ``group`` its letter
    there (``groups.py``); ``roles`` it may be aimed at (``x-lockout`` roles); ``takes`` the aspects of the target that
    are this fault's alone while it lasts; ``longest`` how many seconds it may last; ``instant`` for what cannot be
    taken back and so has no duration; ``operator`` for a planned act of a person rather than a failure; ``outage`` for
    what keeps lockout, too, from administering the target; ``unforeseen`` why ``effect`` tells nothing, to go on from
    the fault's name and target. The first line of the docstring is the summary that users see.
    """

    name: ClassVar[str]
    group: ClassVar[str]
    roles: ClassVar[frozenset[str]]
    takes: ClassVar[frozenset[str]] = frozenset()
    longest: ClassVar[float] = LONGEST_FAULT
    instant: ClassVar[bool] = False
    operator: ClassVar[bool] = False
    outage: ClassVar[bool] = False
    unforeseen: ClassVar[str] = UNFORESEEN
    Args: ClassVar[type[StrictModel]] = NoArgs
    Record: ClassVar[type[StrictModel]] = ServiceRecord

    @property
    def summary(self) -> str:
        return (type(self).__doc__ or "").strip().splitlines()[0]

    @property
    def family(self) -> str:
        """Its module: faults of one family are made and undone in the same way."""
        return type(self).__module__.rpartition(".")[2]

    def holds(self, target: str, args: A) -> frozenset[str]:
        """What this fault has to itself while it lasts, such as ``vault/tls``: two that hold the same conflict."""
        del args
        return frozenset(f"{target}/{aspect}" for aspect in self.takes)

    def takes_down(self, target: str, args: A) -> frozenset[str]:
        """The services that do not do, while it lasts, what lockout asks of them as their administrator."""
        del args
        return frozenset({target}) if self.outage else frozenset()

    def needs_up(self, target: str, args: A) -> frozenset[str]:
        """The services that have to do what lockout asks for this to be taken back, and to be seen to be gone.

        One that a fault takes down itself is among them, too: its undo brings it up, if nothing else is in the way.
        """
        del args
        return frozenset({target})

    def effect(self, target: str, args: A) -> Effect | None:
        """What it takes away while it lasts, for the prediction of its blast radius.

        Only what is gone for certain, and for all that need it: whom a changed answer or a lost token locks out is not
        to be read off a topology. Then it is None, and the report says that there is no prediction.
        """
        del target, args
        return None

    @abstractmethod
    def prepare(self, target: str, args: A, lab: Lab) -> R:
        """The undo record for hitting *target*. Raises FaultNotPossible when the lab cannot host it."""

    @abstractmethod
    def inject(self, record: R, args: A, lab: Lab, rng: Random) -> None: ...

    @abstractmethod
    def observe(self, record: R, lab: Lab) -> str | None:
        """Proof that it bites, in one sentence, or None as long as there is none."""

    @abstractmethod
    def undo(self, record: R, lab: Lab) -> None:
        """Put things right. Idempotent: also right when inject never ran, or ran half."""

    @abstractmethod
    def healed(self, record: R, lab: Lab) -> str | None:
        """Proof that the fault is gone, or None as long as there is none. "Not found" is not proof."""


AnyFault = Fault[Any, Any]
"""A fault of whatever arguments; its own ``Args`` and ``Record`` say which it takes."""
