"""What components answer to the desk: as much of a ledger, a Vault and a PostgreSQL as the methods can tell."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.breakglass.ports import HttpJob, Reply, SqlJob
from tests.unit.faults.fakes.resources import FakeDatabase, FakeLedger
from tests.unit.faults.fakes.vault import FakeVault, Token

OTP = "o" * 32
ADMIN_TOKEN = "sentinel-minted-password-of-the-ledger"


def answer(status: int, body: Any = None, words: str = "") -> Reply:
    return Reply(status, body, words)


@dataclass
class Credential:
    holder: str
    scopes: tuple[str, ...]
    expires: float


@dataclass
class LedgerSim:
    """The window is that of the fake that faults know, so both see the same."""

    ledger: FakeLedger
    now: float = 1000.0
    credentials: dict[str, Credential] = field(default_factory=dict)  # by SHA-256
    ends: float = 0.0
    keeps_open: bool = False  # the window does not end by itself

    def register(self, holder: str, credential: str, scopes: tuple[str, ...], lifetime: float) -> None:
        self.credentials[_digest(credential)] = Credential(holder, scopes, self.now + lifetime)

    @property
    def is_open(self) -> bool:
        return self.ledger.opened is not None and (self.keeps_open or self.now < self.ends)

    def do(self, job: HttpJob) -> Reply:
        scheme, _, secret = job.headers.get("Authorization", "").partition(" ")
        if job.path == "/entries":
            return self._entry(job.method, secret)
        if (scheme, secret) != ("Bearer", ADMIN_TOKEN):
            return answer(401, {"detail": "admin token needed"})
        if job.method == "GET":
            return answer(200, {"open": self.is_open, "until": self.ends})
        if self.is_open:
            return answer(409, {"detail": "the window is open already; close it first"})
        assert job.body is not None
        self.ledger.opened = (float(job.body["seconds"]), str(job.body["reason"]))
        self.ends = self.now + float(job.body["seconds"])
        return answer(200, {"open": True, "until": self.ends})

    def _entry(self, method: str, secret: str) -> Reply:
        known = self.credentials.get(_digest(secret))
        scope = {"POST": "entries:write", "GET": "entries:read", "DELETE": "entries:admin"}[method]
        if not self.is_open:
            return answer(403, {"reason": "closed"})
        if known is None:
            return answer(403, {"reason": "unknown_credential"})
        if known.expires <= self.now:
            return answer(403, {"reason": "credential_expired"})
        return answer(201, {}) if scope in known.scopes else answer(403, {"reason": "out_of_scope"})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class VaultSim:
    """``closed_to`` says what a ceremony meets that is begun without a token, as from Vault 2.0 on."""

    vault: FakeVault
    shares: tuple[str, ...] = ("sentinel-minted-password-share-1", "share-two-of-three", "share-three-of-three")
    needed: int = 2
    closed: int = 0  # status for whoever has no token
    only_bao: bool = False  # and the path is OpenBao's own
    given: list[str] | None = None  # None: no ceremony
    made: int = 0
    secrets: Mapping[str, Any] = field(default_factory=lambda: {"kv/data/billing": {}, "kv/data/payroll": {}})

    def do(self, job: HttpJob) -> Reply:
        if self.vault.sealed:
            return answer(503, {"errors": ["Vault is sealed"]})
        path, token = job.path.removeprefix("/v1/"), job.headers.get("X-Vault-Token", "")
        body = dict(job.body or {})
        if path == "sys/seal-status":
            return answer(200, {"n": len(self.shares), "t": self.needed, "sealed": False})
        if path.startswith("sys/generate-root"):
            return self._ceremony(job.method, path, body, self._token(token))
        if path.startswith("auth/") and path.endswith("/login"):
            return answer(200, {"auth": self._issue("orders", ["default", "orders"], 25.0)})
        known = self._token(token)
        if known is None:
            return answer(403, {"errors": ["permission denied"]})
        return self._as(known, token, job.method, path, body)

    def _token(self, token: str) -> Token | None:
        accessor = self.vault.issued.get(token)
        known = self.vault.tokens.get(accessor) if accessor else None
        return known if known is not None and known.left > 0 else None

    def _issue(self, role: str, policies: list[str], ttl: float, renewable: bool = False) -> dict[str, Any]:
        self.made += 1
        accessor, token = f"accessor-made-{self.made}", f"hvs.sentinel-minted-password-{self.made:03}"
        ends = "2026-11-25T12:00:00Z" if ttl else None
        data = {"policies": policies, "renewable": renewable, "expire_time": ends}
        self.vault.issued[token] = accessor
        self.vault.tokens[accessor] = Token(role, ttl or 1e9, "token", data)
        self.vault.tree[f"auth/token/accessors/{accessor}"] = {}
        return {"client_token": token, "accessor": accessor}

    def _ceremony(self, method: str, path: str, body: dict[str, Any], token: Token | None) -> Reply:
        base, _, what = path.rpartition("/")
        if base.endswith("-token") and not self.only_bao:
            return answer(404, {"errors": []})
        if self.closed and (token is None or (self.only_bao and not base.endswith("-token"))):
            return answer(self.closed, {"errors": ["permission denied"]})
        if method == "DELETE":
            self._end()
            return answer(204)
        if what == "attempt":
            if self.given is not None:
                return answer(400, {"errors": ["root generation already in progress"]})
            self.given = []
            self.vault.tree["sys/generate-root/attempt"] = {"started": True}
            shown = {"nonce": "nonce-of-this-ceremony", "otp": OTP, "required": self.needed, "complete": False}
            return answer(200, shown)
        assert self.given is not None
        self.given.append(body["key"])
        if len(set(self.given)) < self.needed:
            return answer(200, {"complete": False, "progress": len(self.given)})
        if not set(self.given) <= set(self.shares):
            self._end()
            return answer(400, {"errors": ["a share is not one of this Vault"]})
        self._end()
        root = str(self._issue("root", ["root"], 0.0)["client_token"])
        masked = bytes(a ^ b for a, b in zip(root.encode(), OTP.encode(), strict=True))
        return answer(200, {"complete": True, "encoded_token": base64.b64encode(masked).decode().rstrip("=")})

    def _end(self) -> None:
        self.given = None
        self.vault.tree.pop("sys/generate-root/attempt", None)

    def _as(self, known: Token, token: str, method: str, path: str, body: dict[str, Any]) -> Reply:
        policies = known.data["policies"]
        root = policies == ["root"]
        if path == "auth/token/lookup-self":
            data = {"ttl": round(known.left) if known.data["expire_time"] else 0, **known.data}
            return answer(200, {"data": data})
        if path == "auth/token/revoke-self":
            self._forget(token)
            return answer(204)
        if path == "sys/capabilities-self":
            (asked,) = body["paths"]
            found = ["root"] if root else ["read"] if self._allowed(policies, asked) else ["deny"]
            return answer(200, {"data": {asked: found, "capabilities": found}})
        if path == "auth/token/create":
            if not root:
                return answer(403, {"errors": ["permission denied"]})
            ttl = float(re.sub(r"\D", "", str(body["ttl"])))
            return answer(200, {"auth": self._issue("made", body["policies"], ttl, bool(body.get("renewable")))})
        if path in self.secrets and (root or self._allowed(policies, path)):
            return answer(200, {"data": {}})
        return answer(403, {"errors": ["permission denied"]})

    def _forget(self, token: str) -> None:
        accessor = self.vault.issued.pop(token)
        self.vault.tokens.pop(accessor, None)
        self.vault.tree.pop(f"auth/token/accessors/{accessor}", None)

    def _allowed(self, policies: list[str], path: str) -> bool:
        rules = [str(self.vault.tree.get(f"sys/policies/acl/{name}", {}).get("policy")) for name in policies]
        return any(f'"{path}"' in rule for rule in rules)


@dataclass
class DatabaseSim:
    database: FakeDatabase
    now: float = 0.0
    ends: dict[str, float | None] = field(default_factory=dict)  # when a role ends; None: never
    may: set[str] = field(default_factory=lambda: {"INSERT INTO work", "SELECT 1"})
    renewable: bool = False

    def execute(self, statements: list[str]) -> None:
        for statement in statements:
            if made := re.match(r"(?:CREATE|ALTER) ROLE \"(\w+)\" LOGIN PASSWORD '([^']+)'", statement):
                self.database.passwords[made[1]] = made[2]
            elif found := re.search(r"secs => ([\d.]+)", statement):
                self.lasts = float(found[1])

    lasts: float = 0.0

    def do(self, job: SqlJob) -> Reply:
        known = self.database.passwords.get(job.user)
        ends = self.ends.get(job.user)
        if known is None or known != job.password or (ends is not None and self.now >= ends):
            return answer(403, [], f'password authentication failed for user "{job.user}"')
        if "_open" in job.statement:
            return self._open(job)
        if "rolvaliduntil" in job.statement:
            return answer(200, [[str(None if ends is None else ends - self.now)]])
        if "VALID UNTIL" in job.statement:
            return answer(200 if self.renewable else 403, [], "" if self.renewable else "permission denied")
        if "nonsense" in job.statement:
            return answer(400, [], "syntax error")
        allowed = job.statement in self.may
        return answer(200, [["1"]]) if allowed else answer(403, [], "permission denied")

    def _open(self, job: SqlJob) -> Reply:
        role = job.user.rpartition("_")[0]
        if not job.user.startswith("break_glass_"):
            return answer(403, [], "permission denied for function")
        if role in self.database.passwords:
            return answer(400, [], "it is open already")
        self.database.passwords[role] = job.parameters[0]
        self.ends[role] = self.now + self.lasts
        return answer(200, [["later"]])
