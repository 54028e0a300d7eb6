"""PostgreSQL, as its superuser sees it: psql in the container, over the local socket.

Statements go in by stdin, never as arguments, so no password shows in a process list.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.lab.containers import RunContainers
from harness.lab.errors import EnvironmentUnusable


def quote_literal(text: str) -> str:
    """*text* as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(text: str) -> str:
    """*text* as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def quote_argument(text: str) -> str:
    """*text* as an argument of a psql command such as ``\\connect``, in which a backslash escapes."""
    return quote_literal(text.replace("\\", "\\\\"))


class DatabaseOperator:
    """Implements the DatabaseAdmin role."""

    def __init__(self, name: str, containers: RunContainers, superuser: str, database: str) -> None:
        self.name = name
        self._containers = containers
        self._superuser = superuser
        self._database = database

    def _psql(self, statements: str) -> tuple[int, str]:
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", self._superuser, "-d", self._database, "-f", "-"]
        done = self._containers.run_in(self.name, command, stdin=statements)
        return done.code, done.stderr.strip()

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
