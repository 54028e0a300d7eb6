"""What a method is: lay ready, open, use, close, and prove that it is closed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from harness.breakglass.operator import Operator
from harness.breakglass.ports import WorkloadKey
from harness.topology.break_glass import Procedure

P = TypeVar("P", bound=Procedure)


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went, in words that hold no secret."""

    done: bool
    words: str


@dataclass(frozen=True, slots=True)
class Opening:
    """``marks``: by what journals tell it from all else."""

    opened: bool
    words: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """What a holder has lying ready. ``expires_in`` in seconds; None: it does not."""

    holder: str
    usable: bool
    words: str
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class Lifetime:
    seconds: float | None  # None: for ever
    renewable: bool
    words: str


@dataclass(frozen=True, slots=True)
class Remainder:
    """Something that has to be gone after closing."""

    what: str
    gone: bool
    words: str


class Method(ABC, Generic[P]):
    """One way. Stateless: what an attempt leaves for its closing is kept by the :class:`Operator`.

    Everything raises EnvironmentUnusable when the lab itself cannot be used. That a component refuses or does not
    answer is no error but what a drill is there to find out, and so a result. ``None`` as a result: nothing was shown.
    """

    name: ClassVar[str]

    @abstractmethod
    def remains(self, procedure: P) -> tuple[str, ...]:
        """What :meth:`remainders` tells about, all of which has to be gone after closing."""

    def secrets(self, op: Operator, procedure: P) -> tuple[str, ...]:
        """Labels of secrets that it takes, beside those that the operator mints and keeps."""
        del op, procedure
        return ()

    @abstractmethod
    def prepare(self, op: Operator, procedure: P) -> None:
        """Lay ready what opening takes. Right also when it is there already."""

    @abstractmethod
    def ready(self, op: Operator, procedure: P) -> Iterator[Ready]:
        """A look at what each holder has lying ready, which does not use it up."""

    @abstractmethod
    def open(self, op: Operator, procedure: P, holders: Sequence[str]) -> Opening:
        """Open it with what *holders* have; none of them: as somebody who has nothing."""

    @abstractmethod
    def lifetime(self, op: Operator, procedure: P) -> Lifetime | None:
        """How long what was handed out is good for, in the words of whoever accepts it."""

    @abstractmethod
    def use(self, op: Operator, procedure: P, action: str, *, wanted: bool) -> Tried | None:
        """Do *action*; what is not *wanted* is done in such a way that it does no harm if it works after all."""

    @abstractmethod
    def knock(self, op: Operator, procedure: P, key: WorkloadKey) -> Tried | None:
        """Try to get in with what a workload is known by."""

    @abstractmethod
    def alive(self, op: Operator, procedure: P) -> Tried | None:
        """Whether what was handed out is still good."""

    @abstractmethod
    def is_open(self, op: Operator, procedure: P) -> str | None:
        """Proof, seen from outside the attempt, that the way in is open; None as long as there is none."""

    @abstractmethod
    def close(self, op: Operator, procedure: P) -> None:
        """Take back what was handed out. Idempotent: also right when nothing ever was, or half of it."""

    @abstractmethod
    def remainders(self, op: Operator, procedure: P) -> Iterator[Remainder]:
        """Whether each thing that has to be gone after closing is gone."""

    @abstractmethod
    def tidy(self, op: Operator, procedure: P) -> None:
        """Take away what was laid ready. Idempotent."""
