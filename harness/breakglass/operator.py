"""One attempt at an emergency procedure: what the people at the desk do is done, and taken down, here."""

from __future__ import annotations

from typing import Any

from harness.breakglass.ports import Emergency, Job, Reply
from harness.faults.ports import Lab
from harness.history.break_glass import BreakGlassEvent, HostTouched
from harness.topology.break_glass import AnyProcedure
from harness.topology.procedures import desk_of


def secret_prefix(procedure: str) -> str:
    """With what the labels of all secrets of a procedure begin, and of no other."""
    return f"break-glass/{procedure}/"


class Operator:
    """Bound to one procedure and one attempt. Holds no state but what the lab keeps, so another process can go on."""

    def __init__(self, lab: Lab, name: str, attempt: str) -> None:
        self.lab = lab
        self.name = name
        self.attempt = attempt
        self.emergency: Emergency = lab.emergency
        self.procedure: AnyProcedure = self.emergency.procedure(name)
        self.desk = desk_of(self.procedure, self.emergency.services())

    @property
    def marker(self) -> str:
        """What is given as the reason, by which journals tell this attempt from all others."""
        return f"drill {self.name} {self.attempt}."

    def trial(self, number: int) -> Operator:
        """Somebody who only tries whether it opens."""
        return Operator(self.lab, self.name, f"trial-{number}")

    def ask(self, *jobs: Job) -> tuple[Reply, ...]:
        """Do *jobs* at the desk. Every connection is evidence. Raises EnvironmentUnusable without a desk."""
        replies = self.emergency.carry_out(self.desk, self.procedure.by, jobs)
        for reply in replies:
            for touch in reply.touched:
                self.note(HostTouched, host=touch.host, by=touch.by, ok=touch.ok, error=touch.error)
        return replies

    def note(self, kind: type[BreakGlassEvent], /, **fields: Any) -> None:
        self.emergency.note(kind, procedure=self.name, attempt=self.attempt, **fields)

    def keep(self, what: str, secret: str) -> None:
        """Keep what closing will need, known to the redactor; survives a SIGKILL."""
        self.lab.keep(self._label(what), secret)

    def kept(self, what: str) -> str | None:
        return self.lab.kept(self._label(what))

    def mint(self, what: str) -> str:
        return self.emergency.mint(self._label(what))

    def _label(self, what: str) -> str:
        return f"{secret_prefix(self.name)}{self.attempt}/{what}"

    def envelope(self, holder: str) -> str | None:
        """The secret that *holder* has lying ready; None before anything was prepared."""
        return self.lab.kept(self._envelope(holder))

    def fill_envelope(self, holder: str) -> str:
        """The secret that *holder* has lying ready, made now if there is none."""
        return self.envelope(holder) or self.emergency.mint(self._envelope(holder))

    def fill_envelope_with(self, holder: str, secret: str) -> None:
        """Let *holder* have just this lying ready."""
        self.lab.keep(self._envelope(holder), secret)

    def _envelope(self, holder: str) -> str:
        return f"{secret_prefix(self.name)}holder/{holder}"
