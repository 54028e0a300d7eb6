"""PostgreSQL's superuser: statements on stdin, and every quote where it belongs."""

from __future__ import annotations

from typing import Any

import pytest

from harness.lab.admin.database import DatabaseOperator, _conninfo, quote_argument, quote_literal, quote_name
from harness.lab.containers import ExecResult
from harness.lab.errors import EnvironmentUnusable


class Psql:
    """The container in which psql runs."""

    def __init__(self, *answers: ExecResult, addresses: tuple[str, ...] = ("10.0.0.5", "10.1.0.5")) -> None:
        self._answers = list(answers)
        self._addresses = addresses
        self.commands: list[list[str]] = []
        self.stdin: list[str] = []

    def run_in(self, service: str, command: list[str], stdin: str = "") -> ExecResult:
        assert service == "postgres"
        self.commands.append(command)
        self.stdin.append(stdin)
        return self._answers.pop(0) if self._answers else ExecResult(0, "", "")

    def addresses(self, service: str) -> tuple[str, ...]:
        return self._addresses


def operator(psql: Any) -> DatabaseOperator:
    return DatabaseOperator("postgres", psql, "postgres", "app")


@pytest.mark.parametrize(
    ("text", "literal", "name", "argument", "conninfo"),
    [
        ("plain", "'plain'", '"plain"', "'plain'", "'plain'"),
        ("", "''", '""', "''", "''"),
        ("it's", "'it''s'", '"it\'s"', "'it''s'", r"'it\'s'"),
        ("a\\b", "'a\\b'", '"a\\b"', r"'a\\b'", r"'a\\b'"),
        ('"x"', "'\"x\"'", '"""x"""', "'\"x\"'", "'\"x\"'"),
        ("\\'", "'\\'''", '"\\\'"', r"'\\'''", r"'\\\''"),
    ],
)
def test_quoting(text: str, literal: str, name: str, argument: str, conninfo: str) -> None:
    assert quote_literal(text) == literal
    assert quote_name(text) == name
    assert quote_argument(text) == argument
    assert _conninfo(text) == conninfo


def psql_argument(text: str) -> str:
    """Read a single-quoted argument of a psql command as psql does: '' is a quote, \\x is x."""
    assert text[0] == text[-1] == "'"
    read, rest = "", text[1:-1]
    while rest:
        if rest.startswith("''"):
            read, rest = read + "'", rest[2:]
        elif rest[0] == "\\":
            assert rest[1] in "\\'", "psql would make something else of it"
            read, rest = read + rest[1], rest[2:]
        else:
            assert rest[0] != "'", "the argument would end here"
            read, rest = read + rest[0], rest[1:]
    return read


def conninfo_fields(text: str) -> dict[str, str]:
    """Read a connection string as libpq does."""
    fields: dict[str, str] = {}
    while text:
        key, _, text = text.partition("=")
        value = ""
        if text.startswith("'"):
            text = text[1:]
            while not text.startswith("'"):
                text = text[1:] if text[0] == "\\" else text
                value, text = value + text[0], text[1:]
            text = text[1:]
        else:
            value, _, text = text.partition(" ")
        fields[key.strip()] = value
        text = text.lstrip()
    return fields


@pytest.mark.parametrize(
    "password", ["plain", "it's", "a\\b", "\\", "'", "\\'", "x\\ny", "a b", "%d:name 'q' \\\\", "host=evil"]
)
def test_a_password_reaches_the_database_as_it_is(password: str) -> None:
    psql = Psql()
    assert operator(psql).accepts("billing_app", password)
    command, statement = psql.stdin[0].splitlines()
    assert statement == "SELECT 1;"
    assert conninfo_fields(psql_argument(command.removeprefix("\\connect "))) == {
        "host": "10.0.0.5",
        "dbname": "app",
        "user": "billing_app",
        "password": password,
        "connect_timeout": "3",
    }


def test_a_login_that_is_refused() -> None:
    assert not operator(Psql(ExecResult(2, "", "FATAL: password authentication failed"))).accepts("x", "wrong")


def test_a_database_without_an_address_neither_accepts_nor_refuses() -> None:
    psql = Psql(addresses=())
    with pytest.raises(EnvironmentUnusable, match="postgres has no address: is its container running"):
        operator(psql).accepts("x", "password")
    assert psql.stdin == []


def test_no_secret_is_an_argument() -> None:
    psql = Psql()
    operator(psql).set_password('we"ird', "s3cret'")
    operator(psql).accepts("x", "s3cret'")
    assert psql.stdin[0] == "ALTER ROLE \"we\"\"ird\" PASSWORD 's3cret''';\n"
    assert "s3cret" not in repr(psql.commands)
    assert psql.commands[0] == ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "app", "-f", "-"]


def test_statements_are_run_in_order() -> None:
    psql = Psql()
    operator(psql).execute(["CREATE ROLE a", "CREATE ROLE b;"])
    assert psql.stdin == ["CREATE ROLE a;\nCREATE ROLE b;\n"]


def test_the_first_error_is_told_in_the_databases_words() -> None:
    psql = Psql(ExecResult(3, "", 'ERROR:  role "a" already exists\n'))
    with pytest.raises(EnvironmentUnusable, match=r'^postgres: ERROR:  role "a" already exists$'):
        operator(psql).execute(["CREATE ROLE a"])


@pytest.mark.parametrize(("code", "answers"), [(0, True), (2, False)])
def test_whether_it_answers(code: int, answers: bool) -> None:
    psql = Psql(ExecResult(code, "", ""))
    assert operator(psql).answers() is answers
    # Not over the local socket, where the server of the image's initialisation answers, too.
    assert psql.commands == [["pg_isready", "-q", "-h", "127.0.0.1"]]
