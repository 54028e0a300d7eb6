from __future__ import annotations

import time
from collections.abc import Sequence
from email.utils import formatdate

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

FILE = "/tmp/clock"


def clocked(lab: FakeLab) -> None:
    """A workload whose answers bear the date of a clock that can be set."""
    lab.containers.environments["orders"] = {"LD_PRELOAD": "/site/libfaketime.so.1", "FAKETIME_TIMESTAMP_FILE": FILE}

    def date(command: Sequence[str], stdin: str) -> str:
        offset = float(lab.containers.files.get(("orders", FILE), "0"))
        return f"{time.time()} {formatdate(time.time() + offset, usegmt=True)}\n"

    lab.containers.answers["getheader"] = date


CASES = {
    "clock-issuer-ahead": Case(
        "idp", evidence="100 s ahead", restored=lambda lab: lab.the_idp.flags["clock_offset"] == 0
    ),
    "clock-issuer-behind": Case(
        "idp", {"by": "30s"}, evidence="30 s back", restored=lambda lab: lab.the_idp.flags["clock_offset"] == 0
    ),
    "clock-workload-skewed": Case(
        "orders",
        evidence="behind, by the date",
        ready=clocked,
        restored=lambda lab: lab.containers.files.get(("orders", FILE), "+0\n") == "+0\n",
    ),
}
