from __future__ import annotations

from collections.abc import Sequence

from harness.faults.resolver import FILE, LOOK, WITHOUT, WRITE
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

BEFORE = "nameserver 127.0.0.11\n"


def with_names(lab: FakeLab) -> None:
    files = lab.containers.files
    files["orders", FILE] = BEFORE

    def write(command: Sequence[str], stdin: str) -> str:
        files["orders", FILE] = stdin
        return ""

    def look(command: Sequence[str], stdin: str) -> str:
        return "nothing\n" if files["orders", FILE] == WITHOUT else "10.0.0.6  orders\n"

    lab.containers.answers = {WRITE: write, LOOK: look}


CASES = {
    "dns-resolver-gone": Case(
        "orders",
        evidence="not even itself",
        ready=with_names,
        restored=lambda lab: lab.containers.files["orders", FILE] == BEFORE,
    ),
}
