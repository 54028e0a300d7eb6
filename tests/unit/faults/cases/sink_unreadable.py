from __future__ import annotations

from collections.abc import Sequence

from harness.faults.ports import HandedToken
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab, Token

PATH = "/run/identity/vault/token"


def with_sink(lab: FakeLab) -> None:
    lab.handed["orders"] = HandedToken("orders", PATH)
    lab.containers.files["orders", PATH] = STORED_PASSWORD
    modes = lab.containers.modes

    def chmod(command: Sequence[str], stdin: str) -> str:
        modes["orders", PATH] = int(command[1], 8)
        return ""

    def hand_out(workload: str, wrapped_for: float | None) -> None:
        modes["orders", PATH] = 0o400
        lab.the_vault.tokens[f"accessor-orders-{len(lab.writes)}"] = Token("orders", mount="token")

    lab.delivered = hand_out
    lab.containers.answers["chmod"] = chmod
    lab.containers.answers["test -r"] = lambda command, stdin: "yes\n" if readable(lab) else "no\n"


def readable(lab: FakeLab) -> bool:
    return lab.containers.modes.get(("orders", PATH), 0o400) == 0o400


def reads_a_living_token(lab: FakeLab) -> bool:
    return readable(lab) and any(token.role == "orders" for token in lab.the_vault.tokens.values())


CASES = {
    "sink-unreadable": Case("orders", evidence="may not read", ready=with_sink, restored=reads_a_living_token),
}
