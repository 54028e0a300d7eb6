from __future__ import annotations

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab


def asks(lab: FakeLab) -> None:
    lab.the_proxy.request("idp", "orders", "POST", "/token")


def no_rule(lab: FakeLab) -> bool:
    return not lab.the_proxy.rules


CASES = {
    "idp-429": Case("idp", bite=asks, evidence="1 request to idp got 429", restored=no_rule),
    "idp-5xx": Case("idp", {"endpoint": "token"}, bite=asks, evidence="1 request to idp got a", restored=no_rule),
    "idp-html": Case("idp", bite=asks, evidence="1 request to idp got a web page", restored=no_rule),
    "idp-malformed": Case("idp", bite=asks, evidence="1 answer of idp could not be read", restored=no_rule),
    "idp-slow": Case("idp", bite=asks, evidence="made 1 answer of idp late", restored=no_rule),
}
