from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.unit.faults.cases.case import Case
from tests.unit.faults.certificates import HOUR, Root
from tests.unit.faults.fakes import MINTED, FakeLab

PEERS = {"pki": "peers"}
FIRST, SECOND = Root.made("peers"), Root.made("peers, second generation")
CONFIG = {"expiry": "1h", "auto_rebuild": False, "disable": False}
CURRENT, OVER = FIRST.crl(HOUR), FIRST.crl(timedelta(seconds=-1))


def with_crl(lab: FakeLab) -> None:
    tree = lab.the_vault.tree
    tree["peers/config/crl"] = dict(CONFIG)
    tree["peers/cert/crl"] = {"certificate": CURRENT}

    def rotate() -> Mapping[str, Any]:
        # What is built for a second is over when it is looked at.
        short = tree["peers/config/crl"]["expiry"] == "1s"
        tree["peers/cert/crl"] = {"certificate": OVER if short else CURRENT}
        return {"success": True}

    lab.the_vault.on_read["peers/crl/rotate"] = rotate


def crl_restored(lab: FakeLab) -> bool:
    tree = lab.the_vault.tree
    return tree["peers/config/crl"] == CONFIG and tree["peers/cert/crl"] == {"certificate": CURRENT}


def with_issuers(lab: FakeLab) -> None:
    tree = lab.the_vault.tree
    tree["peers/config/issuers"] = {"default": "id-1"}
    tree["peers/issuers/id-1"] = tree["peers/keys/key-1"] = {}
    tree["peers/issuer/id-1"] = {"issuer_name": ""}
    tree["peers/key/key-1"] = {"key_name": ""}
    tree["peers/cert/ca"] = {"certificate": FIRST.pem}
    tree["peers/roles/settlements"] = {"allowed_domains": ["settlements"]}

    def rotate(values: Mapping[str, Any]) -> Mapping[str, Any]:
        tree["peers/issuers/id-2"] = tree["peers/keys/key-2"] = {}
        tree["peers/issuer/id-2"] = {"issuer_name": values["issuer_name"]}
        tree["peers/key/key-2"] = {"key_name": values["key_name"]}
        return {"issuer_id": "id-2", "key_id": "key-2"}

    def issue(values: Mapping[str, Any]) -> Mapping[str, Any]:
        root = FIRST if tree["peers/config/issuers"]["default"] == "id-1" else SECOND
        return {"certificate": root.leaf("settlements", HOUR), "issuing_ca": root.pem, "private_key": MINTED}

    lab.the_vault.on_write["peers/root/rotate/internal"] = rotate
    lab.the_vault.on_write["peers/issue/settlements"] = issue
    lab.the_vault.on_delete["peers/issuer/id-2"] = lambda: tree.pop("peers/issuers/id-2")
    lab.the_vault.on_delete["peers/key/key-2"] = lambda: tree.pop("peers/keys/key-2")


def issuers_restored(lab: FakeLab) -> bool:
    vault = lab.the_vault
    left = [path for path in vault.tree if path.endswith("-2")]
    return vault.tree["peers/config/issuers"] == {"default": "id-1"} and left == []


CASES = {
    "crl-expired": Case(
        "vault",
        {**PEERS, "remaining": "1s"},
        evidence="should have been renewed",
        ready=with_crl,
        restored=crl_restored,
    ),
    "pki-issuer-switched": Case("vault", PEERS, evidence="CN=peers", ready=with_issuers, restored=issuers_restored),
}
