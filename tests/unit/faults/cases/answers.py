from __future__ import annotations

from tests.unit.faults.cases.case import Case
from tests.unit.faults.cases.network import no_rule
from tests.unit.faults.fakes import FakeLab


def logs_in(lab: FakeLab) -> None:
    lab.the_proxy.request("vault", "orders", "POST", "/v1/auth/approle/login")


def renews(lab: FakeLab) -> None:
    lab.the_proxy.request("vault", "orders", "POST", "/v1/auth/token/renew-self")


CASES = {
    "vault-slow": Case("vault", bite=renews, evidence="made 1 answer of vault late", restored=no_rule),
    "vault-5xx": Case("vault", bite=renews, evidence="1 request to vault got 500", restored=no_rule),
    "login-response-lost": Case("vault", bite=logs_in, evidence="granted 1 login (200)", restored=no_rule),
    "renewer-dies": Case("vault", bite=renews, evidence="1 renewal at vault failed", restored=no_rule),
}
