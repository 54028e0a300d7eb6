"""The secrets of a run: minted here, known to the redactor before anybody uses them, kept until the run is gone.

They live in a private file (mode 0600) of the user's state folder, not in the run folder: ``lockout heal`` needs the
unseal keys after a SIGKILL, and a run folder is something that people pass around.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from harness.lab.errors import EnvironmentUnusable
from harness.lab.store import state_dir


class Register(Protocol):
    """The part of a redactor that secrets need."""

    def register(self, label: str, value: str) -> None: ...
    def redact(self, text: str) -> str: ...
    def find(self, text: str) -> list[str]: ...


class RunSecrets:
    """Secrets by label. ``keep`` and ``mint`` write through to disk at once."""

    def __init__(self, run: str, redactor: Register, folder: Path | None = None) -> None:
        self.path = (folder or state_dir() / "secrets") / f"{run}.json"
        self._redactor = redactor
        self._values: dict[str, str] = {}
        self._lock = threading.RLock()
        if self.path.exists():
            with suppress(ValueError):  # torn by a crash: what is lost is missed by whoever asks for it
                self._values = json.loads(self.path.read_text(encoding="utf-8"))
            for label, value in self._values.items():
                with suppress(ValueError):  # too short: it is one that is known anyway
                    redactor.register(label, value)

    def keep(self, label: str, value: str) -> str:
        """Remember *value*. Raises EnvironmentUnusable for one too short to be kept out of logs."""
        try:
            self._redactor.register(label, value)
        except ValueError as error:
            raise EnvironmentUnusable(str(error)) from error
        self._put(label, value)
        return value

    def keep_known(self, label: str, value: str) -> str:
        """Remember *value*, which stands in the user's own files, such as the token of a Vault in dev mode.

        It may be short, and often is an ordinary word: so it is not looked for in texts. What looks like a real token
        is found by its looks all the same.
        """
        self._put(label, value)
        return value

    def _put(self, label: str, value: str) -> None:
        with self._lock:  # components are set up side by side
            self._values[label] = value
            self._write()

    def mint(self, label: str) -> str:
        """A fresh random value of 256 bits, URL-safe."""
        return self.keep(label, secrets.token_urlsafe(32))

    def mint_next(self, prefix: str) -> str:
        """Like ``mint``, under the first unused label ``prefix-N``."""
        with self._lock:
            number = 1
            while f"{prefix}-{number}" in self._values:
                number += 1
            return self.mint(f"{prefix}-{number}")

    def look_again(self) -> None:
        """Take over what another process has kept meanwhile."""
        with self._lock:
            self._values |= json.loads(self.path.read_text(encoding="utf-8"))

    def get(self, label: str) -> str | None:
        return self._values.get(label)

    def all(self, prefix: str) -> tuple[str, ...]:
        """The values whose labels are ``prefix-1``, ``prefix-2``, …, in that order."""
        values: list[str] = []
        while (value := self._values.get(f"{prefix}-{len(values) + 1}")) is not None:
            values.append(value)
        return tuple(values)

    def redact(self, text: str) -> str:
        """*text* without any secret of this run."""
        return self._redactor.redact(text)

    def find(self, text: str) -> list[str]:
        """Labels of the secrets of this run, and of what looks like one, in *text*."""
        return self._redactor.find(text)

    def forget(self) -> None:
        self._values.clear()
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self.path.with_suffix(".tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._values, file)
        temporary.replace(self.path)
