"""The listener of a component, over real TLS, with the certificates of the real CA program."""

from __future__ import annotations

import os
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pytest

from harness.faults.ports import FaultNotPossible
from harness.lab.admin import listener
from harness.lab.admin.listener import ListenerOperator, Source
from harness.lab.containers import RunContainers
from harness.lab.errors import EnvironmentUnusable

sys.path.insert(0, str(Path(__file__).parents[3] / "fixtures/pki/app"))

from lab_pki.__main__ import main

SPEC = f"leaf=vault;owner={os.getuid()}:{os.getgid()};san=vault,127.0.0.1"


class Quiet(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """That clients go away during the handshake is what is tested."""


class Containers:
    """The engine's part: the CA's container runs its program when it is started, the component reloads on SIGHUP."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.acts: list[str] = []
        self.started: Callable[[], object] = self.obey
        self.ends_later = 0  # looks at its state until the CA's container has done what it was started for
        self.signalled: Callable[[], object] = self.load
        assert main(["--root", str(root), SPEC]) == 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.load()
        self._server = Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self._server.socket = self._context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.port = int(self._server.server_address[1])

    def load(self) -> None:
        self._context.load_cert_chain(self.root / "vault/tls.crt", self.root / "vault/tls.key")

    def obey(self) -> None:
        main(["--root", str(self.root), SPEC])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _here(self, path: str) -> Path:
        return self.root / PurePosixPath(path).relative_to("/pki")

    def read(self, service: str, path: str) -> str | None:
        assert service == "pki"
        return self._here(path).read_text() if self._here(path).is_file() else None

    def read_file(self, service: str, path: str) -> bytes:
        assert service == "pki"
        return self._here(path).read_bytes()

    def write_files(self, service: str, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            assert "PRIVATE KEY" not in text, "keys stay with the CA"
            self._here(path).write_text(text)

    def start(self, service: str) -> None:
        self.acts.append(f"start {service}")
        self.started()

    def signal(self, service: str, name: str) -> None:
        self.acts.append(f"{name} {service}")
        self.signalled()

    def state(self, service: str) -> str:
        if not self.ends_later:
            return "exited"
        self.ends_later -= 1
        if not self.ends_later:
            self.obey()
        return "running"

    def logs(self, service: str, tail: int) -> str:
        return "lab_pki: something is wrong\n"


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Containers]:
    made = Containers(tmp_path)
    yield made
    made.close()


def operator(containers: Containers, service: str = "vault", port: int = 0) -> ListenerOperator:
    return ListenerOperator(
        service,
        port or containers.port,
        Source("pki", PurePosixPath("/pki/ca/ca.pem")),
        (containers.root / "ca/ca.pem").read_text(),
        cast(RunContainers, cast(Any, containers)),
        lambda: True,
    )


@pytest.mark.parametrize(
    ("kind", "refused", "words"),
    [
        ("expired", 10, "certificate has expired"),
        ("wrong-names", 64, "IP address mismatch"),
        ("unknown-ca", 19, "self-signed certificate in certificate chain"),
        ("missing-intermediate", 20, "unable to get local issuer certificate"),
        ("new-intermediate", 0, ""),
        ("new-root", 20, "unable to get local issuer certificate"),
    ],
)
def test_what_a_client_meets_and_how_it_is_taken_back(
    containers: Containers, kind: str, refused: int, words: str
) -> None:
    vault = operator(containers)
    before = vault.handshake()
    assert (before.serial, before.refused) == (vault.issued(), 0)
    vault.reissue(kind)
    found = vault.handshake()
    assert found.serial == vault.issued() != before.serial
    assert found.refused == refused
    assert words in found.words
    assert (vault.handshake(current_bundle=True).refused == 0) is (kind in ("new-root", "new-intermediate"))
    vault.restore()
    assert vault.handshake() == before == vault.handshake(current_bundle=True)
    assert containers.acts == ["start pki", "SIGHUP vault"] * 2


def test_where_nothing_was_changed_nothing_is_done(containers: Containers) -> None:
    operator(containers).restore()
    assert containers.acts == []


def test_a_component_that_missed_the_restoring_is_told_again(
    containers: Containers, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = operator(containers)
    vault.reissue("expired")
    containers.signalled = lambda: None  # lockout was killed before it sent the signal
    monkeypatch.setattr(listener, "RELOAD_DEADLINE", 0.2)
    with pytest.raises(EnvironmentUnusable, match="did not take its new"):
        vault.restore()
    containers.signalled = containers.load
    operator(containers).restore()
    assert operator(containers).handshake().refused == 0


def test_what_was_ordered_by_one_who_was_killed_is_awaited_and_taken_back(containers: Containers) -> None:
    before = operator(containers).handshake()
    (containers.root / "authority/order.json").write_text('{"id": "7", "leaf": "vault", "kind": "expired"}')
    containers.ends_later = 3
    operator(containers).restore()
    assert operator(containers).handshake() == before
    assert operator(containers).issued() == before.serial


def test_an_order_that_nobody_has_begun_is_never_obeyed(containers: Containers) -> None:
    before = operator(containers).handshake()
    (containers.root / "authority/order.json").write_text('{"id": "7", "leaf": "vault", "kind": "expired"}')
    operator(containers).restore()
    containers.obey()  # whoever starts the CA's container next
    containers.load()
    assert operator(containers).handshake() == before


def test_a_ca_that_does_not_do_it_is_an_error_in_its_words(
    containers: Containers, monkeypatch: pytest.MonkeyPatch
) -> None:
    containers.started = lambda: None
    monkeypatch.setattr(listener, "ORDER_DEADLINE", 0.2)
    with pytest.raises(EnvironmentUnusable, match="something is wrong"):
        operator(containers).reissue("expired")


def test_one_that_has_no_certificate_from_here_and_one_that_does_not_listen(containers: Containers) -> None:
    with pytest.raises(FaultNotPossible, match="'pki' has made no certificate for 'idp'"):
        operator(containers, "idp").issued()
    with pytest.raises(EnvironmentUnusable, match="vault: no TLS handshake"):
        operator(containers, port=9).handshake()
