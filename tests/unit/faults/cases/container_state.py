from __future__ import annotations

from tests.unit.faults.cases.case import Case

CASES = {
    "idp-down-warm": Case("idp", evidence="exited", restored=lambda lab: lab.the_idp.is_serving()),
    "vault-hard-kill": Case("vault", evidence="exited"),
    "vault-paused": Case("vault", evidence="paused"),
    "vault-stopped": Case("vault", evidence="exited"),
}
