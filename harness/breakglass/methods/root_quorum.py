"""Vault's root quorum: shares that are held apart make a root token, which makes a token with less rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.breakglass.methods.base import Lifetime, Method, Opening, Ready, Remainder, Tried
from harness.breakglass.methods.ceremony import Ceremony
from harness.breakglass.methods.vault_jobs import said, vault_job
from harness.breakglass.operator import Operator
from harness.breakglass.ports import HttpJob, Reply, WorkloadKey
from harness.lab.labels import unseal_key_label
from harness.topology.break_glass import RootQuorum

ROOT_POLICY = "root"
PREPARED = "prepared-token"
SHELF_LIFE = "1h"  # of the prepared token, for one drill
BEGINS = ("sys/generate-root/attempt", "sys/generate-root/update", "sys/generate-root-token/attempt",
          "sys/generate-root-token/update")  # fmt: skip


class RootQuorumMethod(Method[RootQuorum]):
    """The ceremony is Vault's own, over its API, with the shares of just the holders who came.

    The root token lives for as long as it takes to make a token of the declared policy, which cannot be renewed and has
    an explicit end; then it revokes itself. With ``uses: root-token`` it is used instead, and nothing limits it.
    """

    name = "root-quorum"

    def remains(self, procedure: RootQuorum) -> tuple[str, ...]:
        always = ("token", "root tokens", "ceremony")
        return (*always, "ceremony without a token") if procedure.prepared_token else always

    def secrets(self, op: Operator, procedure: RootQuorum) -> tuple[str, ...]:
        return tuple(unseal_key_label(procedure.opens, n) for n in range(1, len(procedure.holders) + 1))

    def prepare(self, op: Operator, procedure: RootQuorum) -> None:
        vault = op.lab.vault(procedure.opens)
        vault.api_write(f"sys/policies/acl/{_policy(op)}", {"policy": procedure.policy})
        if not procedure.prepared_token or op.envelope(PREPARED) is not None:
            return
        rules = "\n".join(f'path "{path}" {{ capabilities = ["update", "delete", "sudo"] }}' for path in BEGINS)
        vault.api_write(f"sys/policies/acl/{_policy(op)}-begins", {"policy": rules})
        settings = {"policies": [f"{_policy(op)}-begins"], "no_parent": True, "ttl": SHELF_LIFE, "renewable": False}
        made = vault.api_write("auth/token/create", settings)
        op.fill_envelope_with(PREPARED, str(made["auth"]["client_token"]))

    def ready(self, op: Operator, procedure: RootQuorum) -> Iterator[Ready]:
        (reply,) = op.ask(vault_job(op, procedure, "GET", "sys/seal-status"))
        shares, needed = reply.get("n"), reply.get("t")
        held = len(op.emergency.shares(procedure.opens))
        fits = reply.ok and (shares, held) == (len(procedure.holders), len(procedure.holders))
        words = (
            f"{procedure.opens} is sealed by {shares} shares, of which it takes {needed}" if reply.ok else said(reply)
        )
        for number, holder in enumerate(procedure.holders, start=1):
            yield Ready(holder, fits and number <= held, words)
        if procedure.prepared_token:
            token = op.envelope(PREPARED)
            (looked,) = op.ask(vault_job(op, procedure, "GET", "auth/token/lookup-self", token=token or ""))
            left = _data(looked).get("ttl")
            words = (
                f"the prepared token is good for {left} s more" if looked.ok else f"the prepared token: {said(looked)}"
            )
            yield Ready(PREPARED, looked.ok, words, float(left) if isinstance(left, int | float) else None)

    def open(self, op: Operator, procedure: RootQuorum, holders: Sequence[str]) -> Opening:
        done = Ceremony(op, procedure, op.envelope(PREPARED)).hold(holders)
        if done.token is None:
            return Opening(opened=False, words=done.words, marks=done.marks)
        op.keep("root", done.token)
        if procedure.uses == "root-token":
            op.keep("token", done.token)
            return Opening(opened=True, words=f"{done.words}, which is used as it is", marks=done.marks)
        made, left = op.ask(self._make(op, procedure, done.token), self._end_of(op, procedure, done.token))
        auth = made.get("auth")
        if not made.ok or not isinstance(auth, Mapping):
            return Opening(opened=False, words=f"no token could be made with it: {said(made)}", marks=done.marks)
        op.keep("token", str(auth["client_token"]))
        words = f"{done.words}; it made a token of {_policy(op)}" + (" and is revoked" if left.ok else "")
        return Opening(opened=True, words=words, marks=(*done.marks, str(auth["accessor"])))

    def _make(self, op: Operator, procedure: RootQuorum, root: str) -> HttpJob:
        ttl = f"{round(procedure.lasts)}s"
        settings = {"policies": [_policy(op)], "no_parent": True, "ttl": ttl, "explicit_max_ttl": ttl}
        wish = settings | {"renewable": False, "display_name": "break-glass"}
        return vault_job(op, procedure, "POST", "auth/token/create", wish, token=root)

    def _end_of(self, op: Operator, procedure: RootQuorum, token: str) -> HttpJob:
        return vault_job(op, procedure, "POST", "auth/token/revoke-self", {}, token=token)

    def lifetime(self, op: Operator, procedure: RootQuorum) -> Lifetime | None:
        (reply,) = op.ask(vault_job(op, procedure, "GET", "auth/token/lookup-self", token=op.kept("token") or ""))
        data = _data(reply)
        if not reply.ok or "ttl" not in data:
            return None
        if not data.get("expire_time"):
            return Lifetime(None, bool(data.get("renewable")), f"{procedure.opens} knows of no end of the token")
        seconds = float(data["ttl"])
        words = f"{procedure.opens} says the token is good for {seconds:.0f} s more"
        return Lifetime(seconds, bool(data.get("renewable")), words)

    def use(self, op: Operator, procedure: RootQuorum, action: str, *, wanted: bool) -> Tried | None:
        capability, _, path = action.partition(" ")
        token = op.kept("token") or ""
        if wanted and capability in ("read", "list"):
            (reply,) = op.ask(vault_job(op, procedure, "GET" if capability == "read" else "LIST", path, token=token))
            return Tried(reply.ok, said(reply))
        # What it may not do is asked for, and not done: if it could after all, the lab would not be the same.
        (reply,) = op.ask(vault_job(op, procedure, "POST", "sys/capabilities-self", {"paths": [path]}, token=token))
        found = _data(reply).get(path) or _data(reply).get("capabilities")
        if not reply.ok or not isinstance(found, list):
            return Tried(done=False, words=said(reply)) if wanted else None
        has = sorted(str(one) for one in found)
        return Tried(bool({capability, ROOT_POLICY} & set(has)), f"Vault allows {', '.join(has)} there")

    def knock(self, op: Operator, procedure: RootQuorum, key: WorkloadKey) -> Tried | None:
        token = self._token_of(op, procedure, key)
        if token is None:
            return None
        wish = {"policies": [_policy(op)], "ttl": "1s"}
        (reply,) = op.ask(vault_job(op, procedure, "POST", "auth/token/create", wish, token=token))
        return Tried(reply.ok, said(reply)) if reply.ok or reply.refused else None

    def _token_of(self, op: Operator, procedure: RootQuorum, key: WorkloadKey) -> str | None:
        """The token that *key* leads to, if it is one of this Vault; else itself, tried as if it were one."""
        if key.kind != "vault" or key.at != procedure.opens or not key.role_id:
            return key.secret
        login = {"role_id": key.role_id, "secret_id": key.secret}
        (reply,) = op.ask(vault_job(op, procedure, "POST", f"auth/{key.mount}/login", login))
        auth = reply.get("auth")
        if not isinstance(auth, Mapping):
            return None
        op.keep(f"token-of-{key.name}", str(auth["client_token"]))
        return str(auth["client_token"])

    def alive(self, op: Operator, procedure: RootQuorum) -> Tried | None:
        if (token := op.kept("token")) is None:
            return None
        (reply,) = op.ask(vault_job(op, procedure, "GET", "auth/token/lookup-self", token=token))
        return Tried(reply.ok, said(reply)) if reply.ok or reply.refused else None

    def is_open(self, op: Operator, procedure: RootQuorum) -> str | None:
        token = op.kept("token")
        if token is not None and op.lab.vault(procedure.opens).accessor_of(token) is not None:
            return f"{procedure.opens} knows the token that was made"
        return None

    def close(self, op: Operator, procedure: RootQuorum) -> None:
        vault = op.lab.vault(procedure.opens)
        for what in ("token", "root"):
            token = op.kept(what)
            if token is not None and (accessor := vault.accessor_of(token)) is not None:
                vault.revoke(accessor)
        for accessor in self._strange_roots(op, procedure):
            vault.revoke(accessor)
        if self._started(op, procedure):
            vault.api_delete("sys/generate-root/attempt")

    def _strange_roots(self, op: Operator, procedure: RootQuorum) -> list[str]:
        """Accessors of root tokens that are not lockout's own: of a ceremony that broke off, say."""
        vault = op.lab.vault(procedure.opens)
        own = op.lab.kept(f"{procedure.opens}-root-token")
        ours = vault.accessor_of(own) if own is not None else None
        found = []
        for accessor in vault.api_list("auth/token/accessors"):
            known = vault.look_up(accessor) if accessor != ours else None
            if known is not None and list(known.get("policies") or ()) == [ROOT_POLICY]:
                found.append(accessor)
        return found

    def _started(self, op: Operator, procedure: RootQuorum) -> bool:
        return bool((op.lab.vault(procedure.opens).api_read("sys/generate-root/attempt") or {}).get("started"))

    def remainders(self, op: Operator, procedure: RootQuorum) -> Iterator[Remainder]:
        vault = op.lab.vault(procedure.opens)
        token = op.kept("token")
        gone = token is None or vault.accessor_of(token) is None
        yield Remainder("token", gone, f"{procedure.opens} {'knows no' if gone else 'still knows the'} such token")
        roots = self._strange_roots(op, procedure)
        yield Remainder("root tokens", not roots, f"{len(roots)} root tokens but lockout's own")
        started = self._started(op, procedure)
        yield Remainder("ceremony", not started, "a ceremony is open" if started else "no ceremony is open")
        if procedure.prepared_token:
            (reply,) = op.ask(vault_job(op, procedure, "PUT", "sys/generate-root/attempt", {}))
            if reply.ok:
                vault.api_delete("sys/generate-root/attempt")
            if reply.status:
                yield Remainder("ceremony without a token", not reply.ok, said(reply))

    def tidy(self, op: Operator, procedure: RootQuorum) -> None:
        vault = op.lab.vault(procedure.opens)
        token = op.envelope(PREPARED)
        if token is not None and (accessor := vault.accessor_of(token)) is not None:
            vault.revoke(accessor)
        for policy in (_policy(op), f"{_policy(op)}-begins"):
            vault.api_delete(f"sys/policies/acl/{policy}")


def _policy(op: Operator) -> str:
    return f"break-glass-{op.name}"


def _data(reply: Reply) -> Mapping[str, Any]:
    data = reply.get("data")
    return data if isinstance(data, Mapping) else {}
