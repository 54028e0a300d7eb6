from __future__ import annotations

from harness.lab.lab import RunningLab
from tests.integration.live.aim import Aim, ask

# What a workload asks of Vault, from inside its container and by its own way. Nothing of the answers is kept.
CALL = """
import http.client, json, pathlib, ssl, sys
way = http.client.HTTPSConnection("vault", 8200, timeout=2, context=ssl.create_default_context(cafile="/tls/ca.pem"))
files = pathlib.Path("/run/identity/vault")
body = {name: (files / name).read_text().strip() for name in ("role_id", "secret_id")} if "login" in sys.argv[1] else {}
try:
    way.request("POST", "/v1/" + sys.argv[1], json.dumps(body), {"X-Vault-Token": "none"})
    print(way.getresponse().status)
except OSError as error:
    print("refused", type(error).__name__)
"""
LOGIN, RENEWAL = "auth/approle/login", "auth/token/renew-self"


def calls(path: str, lab: RunningLab) -> str:
    return lab.containers.run_in("orders", ["python3", "-c", CALL, path]).stdout.strip()


def asks(lab: RunningLab) -> None:
    ask(lab, "orders")


def logs_in(lab: RunningLab) -> None:
    calls(LOGIN, lab)


def renews(lab: RunningLab) -> None:
    calls(RENEWAL, lab)


ORDERS = {"workloads": ["orders"]}

AIMS = {
    "vault-slow": Aim("vault", {**ORDERS, "delay": "500ms"}, bite=asks),
    "vault-5xx": Aim("vault", ORDERS, bite=asks),
    "login-response-lost": Aim("vault", ORDERS, bite=logs_in),
    "renewer-dies": Aim("vault", ORDERS, bite=renews),
}
