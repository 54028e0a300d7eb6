"""The little of Vault's API that our services need."""

import json
import os
import urllib.request
from pathlib import Path

TIMEOUT = 2


class Vault:
    def __init__(self):
        self.address = os.environ["VAULT_ADDR"]
        self.credentials = Path(os.environ["CREDENTIALS"])
        self.token = ""
        self.ttl = 0

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"{self.address}/v1/{path}", method=method)
        if self.token:
            request.add_header("X-Vault-Token", self.token)
        if body is not None:
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return json.load(answer)

    def login(self):
        self.token = ""
        body = {name: (self.credentials / name).read_text().strip() for name in ("role_id", "secret_id")}
        auth = self.call("POST", "auth/approle/login", body)["auth"]
        self.token, self.ttl = auth["client_token"], auth["lease_duration"]

    def renew(self):
        self.call("POST", "auth/token/renew-self", {})

    def signing_key(self):
        return self.call("GET", "billing/data/signing")["data"]["data"]["key"].encode()
