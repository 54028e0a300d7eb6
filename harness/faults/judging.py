"""What verifiers think of a token: the proof that a fault of the identity provider has reached those who rely on it."""

from __future__ import annotations

from collections.abc import Mapping

from harness.faults.ports import Lab

AUDIENCE = "ledger"
"""For whom sample tokens are: what the lab's own verifiers ask for."""

SAMPLE_LIFE = 3600.0
"""Seconds. Longer than any fault, so that none is refused because it has expired."""


def verdicts(token: str, lab: Lab) -> Mapping[str, str]:
    """What each verifier that can be asked says of *token*: nothing if it takes it, its own reason if not."""
    return {judge: lab.ledger(judge).judge(token) for judge in lab.judges()}


def refusal(given: Mapping[str, str], reason: str) -> str | None:
    """The first verifier that refuses for *reason*, in words."""
    for judge, said in given.items():
        if said == reason:
            return f"{judge} refuses it: {reason}"
    return None
