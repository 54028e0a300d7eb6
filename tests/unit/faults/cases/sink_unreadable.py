from __future__ import annotations

from collections.abc import Sequence

from harness.faults.ports import HandedToken
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import STORED_PASSWORD, FakeLab, Token

PATH = "/run/identity/vault/token"


def with_sink(lab: FakeLab) -> None:
    lab.handed["orders"] = HandedToken("orders", PATH)
    lab.containers.files["orders", PATH] = STORED_PASSWORD
    mode = ["400"]

    def chmod(command: Sequence[str], stdin: str) -> str:
        mode[0] = command[1]
        return ""

    def hand_out(workload: str, wrapped_for: float | None) -> None:
        mode[0] = "400"
        lab.the_vault.tokens[f"accessor-orders-{len(lab.writes)}"] = Token("orders", mount="token")

    lab.delivered = hand_out
    lab.containers.answers["chmod"] = chmod
    lab.containers.answers["test -r"] = lambda command, stdin: "yes\n" if mode[0] == "400" else "no\n"


def reads_a_living_token(lab: FakeLab) -> bool:
    alive = any(token.role == "orders" for token in lab.the_vault.tokens.values())
    return alive and lab.containers.answers["test -r"]([], "") == "yes\n"


CASES = {
    "sink-unreadable": Case("orders", evidence="may not read", ready=with_sink, restored=reads_a_living_token),
}
