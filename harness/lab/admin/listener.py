"""The TLS listener of a component: what it shows to the world, and how the lab's CA gives it another certificate."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from cryptography import x509

from harness.faults.listener_ports import Handshake
from harness.faults.ports import FaultNotPossible
from harness.lab.containers import RunContainers
from harness.lab.errors import EnvironmentUnusable
from harness.lab.waiting import wait_for

TIMEOUT = 2.0  # seconds for one handshake
ORDER_DEADLINE = 20.0
RELOAD_DEADLINE = 5.0
ORDER = "authority/order.json"
ANSWER = "authority/answer.json"
RELOAD = "SIGHUP"  # Vault's way to take its certificate anew, which the lab's own services have, too


@dataclass(frozen=True, slots=True)
class Source:
    """Where a service's certificate comes from: a service of role ``ca`` whose files are like those of fixtures/pki."""

    ca: str  # service
    bundle: PurePosixPath  # what clients trust, as a file in its container

    @property
    def root(self) -> PurePosixPath:
        return self.bundle.parent.parent


class ListenerOperator:
    """Implements the ListenerAdmin role. *serves* says whether the component does its work apart from TLS."""

    def __init__(
        self,
        service: str,
        port: int,
        source: Source,
        trusted: str,
        containers: RunContainers,
        serves: Callable[[], bool],
    ) -> None:
        self._service = service
        self._port = port
        self._source = source
        self._trusted = trusted
        self._containers = containers
        self.serves = serves

    def handshake(self, *, current_bundle: bool = False) -> Handshake:
        bundle = self._read(self._source.bundle) if current_bundle else self._trusted
        served = self._connect(_context(None))
        certificate = x509.load_der_x509_certificate(served)
        try:
            self._connect(_context(bundle))
            code, words = 0, ""
        except ssl.SSLCertVerificationError as error:
            code, words = error.verify_code, error.verify_message
        ends = certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        return Handshake(_serial(certificate), ends, code, words)

    def _connect(self, context: ssl.SSLContext) -> bytes:
        """The certificate it shows. Raises SSLCertVerificationError, and EnvironmentUnusable when there is none."""
        try:
            with (
                socket.create_connection(("127.0.0.1", self._port), TIMEOUT) as connection,
                context.wrap_socket(connection, server_hostname="127.0.0.1") as tls,
            ):
                shown = tls.getpeercert(binary_form=True)
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            raise EnvironmentUnusable(f"{self._service}: no TLS handshake ({type(error).__name__})") from error
        if shown is None:
            raise EnvironmentUnusable(f"{self._service} shows no certificate")
        return shown

    def issued(self) -> str:
        folder = self._source.root / self._service
        text = self._containers.read(self._source.ca, str(folder / "tls.crt"))
        if text is None:
            raise FaultNotPossible(
                f"'{self._source.ca}' has made no certificate for '{self._service}': {folder}/tls.crt is not there"
            )
        return _serial(x509.load_pem_x509_certificates(text.encode())[0])

    def reissue(self, kind: str) -> None:
        self._order(kind)
        self._reload()

    def restore(self) -> None:
        self._await_idle()  # whoever ordered something may have been killed since, and the CA is still about it
        if self._there(f"authority/originals/{self._service}/tls.crt") or self._there(ORDER):
            self._order("restore")
        elif self._shows(self.issued()):
            return
        self._reload()

    def _there(self, path: str) -> bool:
        return self._containers.read(self._source.ca, str(self._source.root / path)) is not None

    def _await_idle(self) -> None:
        if wait_for(lambda: self._containers.state(self._source.ca) != "running", ORDER_DEADLINE) is None:
            raise EnvironmentUnusable(f"{self._source.ca} has not ended within {ORDER_DEADLINE:g} s")

    def _order(self, kind: str) -> None:
        """Have the CA's container do it: private keys stay in its volumes."""
        ca, number = self._source.ca, secrets.token_hex(8)
        order = json.dumps({"id": number, "leaf": self._service, "kind": kind})
        self._await_idle()
        self._containers.write_files(ca, {str(self._source.root / ORDER): order})
        self._containers.start(ca)
        if wait_for(lambda: self._answered(number), ORDER_DEADLINE) is None:
            words = self._containers.logs(ca, tail=1).strip() or "it says nothing"
            raise EnvironmentUnusable(f"{ca} did not do '{kind}' for {self._service}: {words}")

    def _answered(self, number: str) -> bool:
        answer = self._containers.read(self._source.ca, str(self._source.root / ANSWER))
        ended = self._containers.state(self._source.ca) == "exited"  # so the next order can start it
        return ended and answer is not None and json.loads(answer).get("id") == number

    def _reload(self) -> None:
        wanted = self.issued()
        self._containers.signal(self._service, RELOAD)
        if wait_for(lambda: self._shows(wanted), RELOAD_DEADLINE) is None:
            raise EnvironmentUnusable(f"{self._service} did not take its new certificate within {RELOAD_DEADLINE:g} s")

    def _shows(self, serial: str) -> bool:
        try:
            return self.handshake().serial == serial
        except EnvironmentUnusable:
            return False

    def _read(self, path: PurePosixPath) -> str:
        return self._containers.read_file(self._source.ca, str(path)).decode()


def _context(bundle: str | None) -> ssl.SSLContext:
    if bundle is not None:
        return ssl.create_default_context(cadata=bundle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _serial(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:x}"
