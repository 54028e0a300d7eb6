"""Runs in the desk's own container, not in lockout: does what it is told on stdin, and says what came of it.

Handed over as a text, so it stands alone: nothing but Python's standard library, and psycopg for databases. One JSON
object comes in, with a list of jobs and the certificates to trust; one list goes out, with a reply to each. What it
connects to is taken down where connections are made, and not where they are asked for.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
import time
from typing import Any

TIMEOUT = 5.0
MAY_NOT = ("28", "42501")  # SQLSTATE: of who may not log in, and of what somebody may not do
LONGEST = 200  # characters of an error

Job = dict[str, Any]
Reply = dict[str, Any]


class Through(http.client.HTTPConnection):
    """To an address, whatever the certificate's name; ``made`` takes down each connection."""

    def __init__(self, job: Job, made: list[Job], trusted: str) -> None:
        super().__init__(job["host"], job["port"], timeout=TIMEOUT)
        self._job, self._made, self._trusted = job, made, trusted

    def connect(self) -> None:
        touch = {"host": self._job["service"], "by": self._job["by"], "ok": False, "error": ""}
        self._made.append(touch)
        try:
            self.sock = socket.create_connection((self.host, self.port), TIMEOUT)
            if self._trusted:
                context = ssl.create_default_context(cadata=self._trusted)
                self.sock = context.wrap_socket(self.sock, server_hostname=self._job["service"])
        except OSError as error:
            touch["error"] = type(error).__name__
            raise
        touch["ok"] = True


def ask(job: Job, trusted: str) -> Reply:
    """An HTTP request. The status is 0 when there was no answer."""
    made: list[Job] = []
    connection = Through(job, made, trusted)
    body = None if job["body"] is None else json.dumps(job["body"])
    status, text, words = 0, "", ""
    try:
        connection.request(job["method"], job["path"], body, dict(job["headers"]))
        answer = connection.getresponse()
        status, text = answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        words = type(error).__name__
    finally:
        connection.close()
    try:
        found = json.loads(text) if text else None
    except ValueError:
        found = None
    return {"status": status, "body": found, "words": words, "touched": made}


def query(job: Job, _trusted: str) -> Reply:
    """SQL. The transaction is rolled back unless the job says otherwise. 403: refused; 400: another error."""
    import psycopg

    touch = {"host": job["service"], "by": job["by"], "ok": False, "error": ""}
    rows: list[list[str]] = []
    status, words = 200, ""
    by_address = {"host": job["service"], "hostaddr": job["host"]}
    where = by_address if job["by"] == "address" else {"host": job["host"]}
    who = {"user": job["user"], "password": job["password"], "dbname": job["database"]}
    try:
        with psycopg.connect(port=job["port"], connect_timeout=int(TIMEOUT), **where, **who) as connection:
            touch["ok"] = True
            cursor = connection.execute(job["statement"], job["parameters"] or None)
            if cursor.description:
                rows = [[str(value) for value in row] for row in cursor.fetchall()]
            if not job["commit"]:
                connection.rollback()
    except psycopg.Error as error:
        words = " ".join(str(error).split())
        turned_away = "authentication failed" in words or "not permitted to log in" in words
        state = error.sqlstate or ("28" if turned_away else "")
        touch["ok"] = bool(touch["ok"] or state)
        touch["error"] = "" if touch["ok"] else type(error).__name__
        status = 403 if state.startswith(MAY_NOT) else 400 if touch["ok"] else 0
    return {"status": status, "body": rows, "words": words[:LONGEST], "touched": [touch]}


def main() -> None:
    order = json.load(sys.stdin)
    kinds = {"http": ask, "sql": query}
    jobs = ((kinds[job["kind"]], job) for job in order["jobs"])
    replies = [{**do(job, order["trusted"].get(job["service"], "")), "at": time.time()} for do, job in jobs]
    json.dump(replies, sys.stdout)


if __name__ == "__main__":
    main()
