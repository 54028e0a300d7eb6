"""A role of a PostgreSQL that is made when it is needed, and has an end of validity."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence

from harness.breakglass.methods.base import Lifetime, Method, Opening, Ready, Remainder, Tried
from harness.breakglass.operator import Operator
from harness.breakglass.ports import Reply, SqlJob, WorkloadKey
from harness.faults.ports import FaultNotPossible
from harness.lab.admin.database import quote_literal, quote_name
from harness.topology.break_glass import DatabaseRole
from harness.topology.services import DatabaseBlock

# What a holder's login may do, and nothing else. It says what it does in the server's log, with who asked and why. A
# role of the name is looked for first: the text of a CREATE ROLE that failed would stand in the log, password and all.
FUNCTION = """
CREATE OR REPLACE FUNCTION public.{function}(secret text, reason text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $lockout$
DECLARE ends timestamptz := clock_timestamp() + make_interval(secs => {lasts});
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = {role_text}) THEN
    RAISE LOG 'break-glass refused to %: it is open already: %', session_user, reason;
    RAISE EXCEPTION 'it is open already';
  END IF;
  EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L VALID UNTIL %L IN ROLE {groups}', {role_text}, secret, ends);
  RAISE LOG 'break-glass opened by %: %', session_user, reason;
  RETURN ends::text;
END $lockout$
"""
LEFT = "SELECT extract(epoch FROM rolvaliduntil - clock_timestamp())::float8 FROM pg_roles WHERE rolname = current_user"
LONGEST_NAME = 63  # bytes, of an identifier of PostgreSQL


class DatabaseRoleMethod(Method[DatabaseRole]):
    """Each holder has a login that may call one function, which makes the emergency role and tells the server's log.

    Nothing of it needs Vault or an identity provider. ``VALID UNTIL`` keeps logins out from its end on; a session that
    exists outlives it, so closing ends those.
    """

    name = "database-role"

    def remains(self, procedure: DatabaseRole) -> tuple[str, ...]:
        return ("role", "sessions")

    def prepare(self, op: Operator, procedure: DatabaseRole) -> None:
        there = op.lab.database(procedure.opens).login_roles()
        function, role = _names(op)
        call = f"public.{quote_name(function)}(text, text)"
        groups = ", ".join(quote_name(group) for group in procedure.member_of).replace("'", "''").replace("%", "%%")
        made = FUNCTION.format(
            function=quote_name(function), role_text=quote_literal(role), lasts=procedure.lasts, groups=groups
        )
        statements = [made.strip(), f"REVOKE ALL ON FUNCTION {call} FROM PUBLIC"]
        for holder in procedure.holders:
            login, password = _login(op, holder), op.fill_envelope(holder)
            verb = "ALTER" if login in there else "CREATE"
            statements.append(f"{verb} ROLE {quote_name(login)} LOGIN PASSWORD {quote_literal(password)}")
            statements.append(f"GRANT EXECUTE ON FUNCTION {call} TO {quote_name(login)}")
        op.emergency.execute(procedure.opens, statements)

    def ready(self, op: Operator, procedure: DatabaseRole) -> Iterator[Ready]:
        for holder in procedure.holders:
            password = op.envelope(holder)
            if password is None:
                yield Ready(holder, usable=False, words="they have nothing lying ready")
                continue
            (reply,) = op.ask(_job(op, procedure, _login(op, holder), password, "SELECT 1"))
            words = f"{procedure.opens} lets their login in" if reply.ok else f"their login fails: {_said(reply)}"
            yield Ready(holder, reply.ok, words)

    def open(self, op: Operator, procedure: DatabaseRole, holders: Sequence[str]) -> Opening:
        who = holders[0] if holders else next(iter(procedure.holders))
        password = op.envelope(who) if holders else secrets.token_urlsafe(32)
        if password is None:
            return Opening(opened=False, words=f"{who} has nothing lying ready")
        secret = op.kept("password") or op.mint("password")
        (reply,) = op.ask(self._call(op, procedure, _login(op, who), password, secret))
        words = f"{procedure.opens} made the role {_names(op)[1]}" if reply.ok else _said(reply)
        return Opening(reply.ok, words, (op.marker,))

    def _call(self, op: Operator, procedure: DatabaseRole, login: str, password: str, secret: str) -> SqlJob:
        statement = f"SELECT public.{quote_name(_names(op)[0])}(%s, %s)"
        return _job(op, procedure, login, password, statement, (secret, op.marker), commit=True)

    def lifetime(self, op: Operator, procedure: DatabaseRole) -> Lifetime | None:
        for_ever = f"ALTER ROLE {quote_name(_names(op)[1])} VALID UNTIL 'infinity'"
        left, renewed = op.ask(self._as_role(op, procedure, LEFT), self._as_role(op, procedure, for_ever))
        if not left.ok or not left.body or renewed.status == 0:
            return None
        (value,) = left.body[0]
        if value in ("None", "Infinity", "inf"):
            return Lifetime(None, renewed.ok, f"{procedure.opens} knows of no end of the role")
        seconds = round(float(value), 3)
        words = f"{procedure.opens} lets the role in for {seconds:.1f} s more"
        return Lifetime(seconds, renewed.ok, words)

    def use(self, op: Operator, procedure: DatabaseRole, action: str, *, wanted: bool) -> Tried | None:
        (reply,) = op.ask(self._as_role(op, procedure, action))
        if not (wanted or reply.ok or reply.refused):
            return None  # an error of another kind does not show that it may not
        return Tried(reply.ok, _said(reply))

    def _as_role(self, op: Operator, procedure: DatabaseRole, statement: str) -> SqlJob:
        return _job(op, procedure, _names(op)[1], op.kept("password") or "", statement)

    def knock(self, op: Operator, procedure: DatabaseRole, key: WorkloadKey) -> Tried | None:
        if key.kind == "database" and key.at == procedure.opens:
            (reply,) = op.ask(self._call(op, procedure, key.name, key.secret, secrets.token_urlsafe(32)))
        else:
            login = _login(op, next(iter(procedure.holders)))
            (reply,) = op.ask(_job(op, procedure, login, key.secret, "SELECT 1"))
        return Tried(reply.ok, _said(reply)) if reply.ok or reply.refused else None

    def alive(self, op: Operator, procedure: DatabaseRole) -> Tried | None:
        if op.kept("password") is None:
            return None
        (reply,) = op.ask(self._as_role(op, procedure, "SELECT 1"))
        return Tried(reply.ok, _said(reply)) if reply.ok or reply.refused else None

    def is_open(self, op: Operator, procedure: DatabaseRole) -> str | None:
        role = _names(op)[1]
        return f"{procedure.opens} has the role {role}" if role in self._roles(op, procedure) else None

    def _roles(self, op: Operator, procedure: DatabaseRole) -> frozenset[str]:
        return op.lab.database(procedure.opens).login_roles()

    def close(self, op: Operator, procedure: DatabaseRole) -> None:
        op.lab.database(procedure.opens).drop_roles([_names(op)[1]])

    def remainders(self, op: Operator, procedure: DatabaseRole) -> Iterator[Remainder]:
        role = _names(op)[1]
        gone = role not in self._roles(op, procedure)
        yield Remainder("role", gone, f"{procedure.opens} {'has no' if gone else 'has a'} role {role}")
        ended = role not in op.lab.database(procedure.opens).roles_in_session()
        yield Remainder("sessions", ended, f"{role} has {'no session' if ended else 'a session'}")

    def tidy(self, op: Operator, procedure: DatabaseRole) -> None:
        logins = {_login(op, holder) for holder in procedure.holders}
        call = f"public.{quote_name(_names(op)[0])}(text, text)"
        op.emergency.execute(procedure.opens, [f"DROP FUNCTION IF EXISTS {call}"])
        op.lab.database(procedure.opens).drop_roles(sorted(logins & self._roles(op, procedure)))


def _names(op: Operator) -> tuple[str, str]:
    """The function that opens, and the role that it makes."""
    base = f"break_glass_{op.name.replace('-', '_')}"[: LONGEST_NAME - 5]
    return f"{base}_open", base


def _login(op: Operator, holder: str) -> str:
    """The login of a holder."""
    return f"{_names(op)[1]}_{re.sub(r'[^a-z0-9]+', '_', holder.lower())}"[:LONGEST_NAME]


def _job(
    op: Operator,
    procedure: DatabaseRole,
    user: str,
    password: str,
    statement: str,
    parameters: tuple[str, ...] = (),
    *,
    commit: bool = False,
) -> SqlJob:
    block = op.emergency.services()[procedure.opens].block
    if not isinstance(block, DatabaseBlock):
        raise FaultNotPossible(f"'{procedure.opens}' is no database")
    return SqlJob(procedure.opens, block.port, block.database, user, password, statement, parameters, commit)


def _said(reply: Reply) -> str:
    if reply.status == 0:
        return f"no answer ({reply.words})"
    return "done" if reply.ok else reply.words or "refused"
