"""PostgreSQL, as its superuser sees it: psql in the container, over the local socket.

Statements go in by stdin, never as arguments, so no password shows in a process list.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.lab.containers import ExecResult, RunContainers
from harness.lab.errors import EnvironmentUnusable

MADE_BY_VAULT = "v-"  # how the names of roles begin that Vault makes for a lease
_ROLES = """
SELECT rolname, concat_ws(' ', CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolsuper THEN 'superuser' END,
  (SELECT 'in ' || string_agg(g.rolname, '+' ORDER BY g.rolname) FROM pg_auth_members m
   JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))
FROM pg_roles r ORDER BY 1
"""
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename ="


def quote_literal(text: str) -> str:
    """*text* as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(text: str) -> str:
    """*text* as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def quote_argument(text: str) -> str:
    """*text* as an argument of a psql command such as ``\\connect``, in which a backslash escapes."""
    return quote_literal(text.replace("\\", "\\\\"))


def create_role(role: str, password: str, member_of: Iterable[str]) -> tuple[str, ...]:
    """Statements that make a role with a login and its memberships."""
    return (
        f"CREATE ROLE {quote_name(role)} LOGIN PASSWORD {quote_literal(password)}",
        *(f"GRANT {quote_name(group)} TO {quote_name(role)}" for group in member_of),
    )


class DatabaseOperator:
    """Implements the DatabaseAdmin role."""

    def __init__(self, name: str, containers: RunContainers, superuser: str, database: str) -> None:
        self.name = name
        self._containers = containers
        self._superuser = superuser
        self._database = database

    def _psql(self, statements: str) -> tuple[int, str]:
        done = self._run(statements)
        return done.code, done.stderr.strip()

    def _run(self, statements: str, *options: str) -> ExecResult:
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", self._superuser, "-d", self._database]
        return self._containers.run_in(self.name, [*command, *options, "-f", "-"], stdin=statements)

    def rows(self, query: str) -> tuple[tuple[str, ...], ...]:
        """What *query* selects, every value as text. Raises EnvironmentUnusable with the database's words."""
        done = self._run(f"{query.rstrip(';')};\n", "-A", "-t", "-F", "\x1f")
        if done.code:
            raise EnvironmentUnusable(f"{self.name}: {done.stderr.strip()}")
        return tuple(tuple(line.split("\x1f")) for line in done.stdout.splitlines() if line)

    def roles(self) -> dict[str, str]:
        """What each role may do and whom it belongs to, but for PostgreSQL's own and those that Vault makes."""
        return {row[0]: row[1] for row in self.rows(_ROLES) if not row[0].startswith(("pg_", MADE_BY_VAULT))}

    def waited_for_locks(self) -> int:
        """How many locks somebody waits for."""
        return int(self.rows("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0])

    def answers(self) -> bool:
        # Over TCP: on the local socket the server answers too that image entrypoints start for initialisation only.
        return self._containers.run_in(self.name, ["pg_isready", "-q", "-h", "127.0.0.1"]).code == 0

    def execute(self, statements: Iterable[str]) -> None:
        """Run *statements* in order. Raises EnvironmentUnusable with the database's words on the first error."""
        code, error = self._psql("".join(f"{statement.rstrip(';')};\n" for statement in statements))
        if code:
            raise EnvironmentUnusable(f"{self.name}: {error}")

    def set_password(self, role: str, password: str) -> None:
        self.execute([f"ALTER ROLE {quote_name(role)} PASSWORD {quote_literal(password)}"])

    def password_hash(self, role: str) -> str | None:
        found = self.rows(f"SELECT rolpassword FROM pg_authid WHERE rolname = {quote_literal(role)}")  # noqa: S608 (quoted)
        return found[0][0] if found and found[0][0] else None

    def end_sessions(self, role: str) -> None:
        sessions = f"pg_stat_activity WHERE usename = {quote_literal(role)}"
        self.rows(f"SELECT pg_terminate_backend(pid) FROM {sessions}")  # noqa: S608 (quoted)

    def login_roles(self) -> frozenset[str]:
        return frozenset(row[0] for row in self.rows("SELECT rolname FROM pg_roles WHERE rolcanlogin"))

    def roles_in_session(self) -> frozenset[str]:
        return frozenset(row[0] for row in self.rows("SELECT usename FROM pg_stat_activity WHERE usename IS NOT NULL"))

    def drop_roles(self, roles: Iterable[str]) -> None:
        named = tuple(roles)
        self.execute(
            [f"{_END_SESSIONS} {quote_literal(role)}" for role in named]
            + [f"DROP ROLE IF EXISTS {quote_name(role)}" for role in named]
        )

    def accepts(self, role: str, password: str) -> bool:
        # Over the network address: the local socket and loopback trust everybody.
        addresses = self._containers.addresses(self.name)
        if not addresses:
            raise EnvironmentUnusable(f"{self.name} has no address: is its container running?")
        database, user, secret = _conninfo(self._database), _conninfo(role), _conninfo(password)
        conninfo = f"host={addresses[0]} dbname={database} user={user} password={secret} connect_timeout=3"
        code, _ = self._psql(f"\\connect {quote_argument(conninfo)}\nSELECT 1;\n")
        return code == 0


def _conninfo(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
