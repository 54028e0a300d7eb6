"""The scanner that proves that nothing leaks: it finds what is planted, in every form, and nothing else."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import os
import secrets
import subprocess
import tarfile
import textwrap
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from tests.integration.secrets_scan import Scanner, forms

TOKEN = "hvs.CAESIJ-not/real+but&like<it>=%Zs9"
KEY = "-----BEGIN EC KEY-----\n" + "\n".join(base64.b64encode(bytes(range(n, n + 48))).decode() for n in (1, 60, 150))
KEY += "\n-----END EC KEY-----\n"
JWT = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJvcmRlcnMiLCJhdWQiOiJsZWRnZXIifQ.c2lnbmF0dXJlLW9mLWl0LWFsbA"
SECRETS = {"token": TOKEN, "key": KEY, "jwt": JWT}


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(SECRETS.items())


def in_base64(before: bytes, urlsafe: bool = False) -> Callable[[str], bytes]:
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    return lambda value: encode(before + value.encode() + b"; and more")


def over_lines(width: int, indent: str = "", end: str = "\n") -> Callable[[str], bytes]:
    def wrap(value: str) -> bytes:
        flat = value.replace("\n", "")
        return end.join(indent + flat[at : at + width] for at in range(0, len(flat), width)).encode()

    return wrap


def as_mime(value: str) -> bytes:
    return base64.encodebytes(value.encode())


PLANTED: dict[str, Callable[[str], bytes]] = {
    "raw": str.encode,
    "base64 at 0": in_base64(b""),
    "base64 at 1": in_base64(b"x"),
    "base64 at 2": in_base64(b"xy"),
    "base64 for URLs at 0": in_base64(b"", urlsafe=True),
    "base64 for URLs at 1": in_base64(b"x", urlsafe=True),
    "base64 for URLs at 2": in_base64(b"xy", urlsafe=True),
    "base64 without padding": lambda value: base64.b64encode(value.encode()).rstrip(b"="),
    "base64 in lines": as_mime,
    "base64 in indented lines": lambda value: textwrap.indent(as_mime(value).decode(), "    ").encode(),
    "base64 in lines in JSON": lambda value: json.dumps({"k": as_mime(value).decode()}).encode(),
    "hex": lambda value: value.encode().hex().encode(),
    "HEX": lambda value: value.encode().hex().upper().encode(),
    "URL": lambda value: quote(value, safe="").encode(),
    "URL, lower": lambda value: (
        quote(value, safe="")
        .replace("%3C", "%3c")
        .replace("%3E", "%3e")
        .replace("%2F", "%2f")
        .replace("%2B", "%2b")
        .replace("%3D", "%3d")
        .replace("%0A", "%0a")
        .encode()
    ),
    "form": lambda value: quote_plus(value).encode(),
    "JSON": lambda value: json.dumps({"k": value}).encode(),
    "JSON in JSON": lambda value: json.dumps({"k": json.dumps({"k": value})}).encode(),
    "JSON with slashes escaped": lambda value: json.dumps(value).replace("/", "\\/").encode(),
    "HTML": lambda value: html.escape(value).encode(),
    "over lines": over_lines(10),
    "over lines, CRLF": over_lines(10, end="\r\n"),
    "over indented lines": over_lines(7, indent="      "),
    "over quoted lines": over_lines(9, end='"\n  "'),
    "over lines in JSON": over_lines(10, end="\\n"),
    "one letter a line": over_lines(1),
}


@pytest.mark.parametrize("form", PLANTED)
@pytest.mark.parametrize("label", SECRETS)
def test_whatever_is_planted_is_found(scanner: Scanner, label: str, form: str) -> None:
    planted = PLANTED[form](SECRETS[label])
    for data in (planted, b"before: " + planted + b" after\n", os.urandom(5000) + b"\n" + planted + b"\n\x00\xff" * 9):
        found = scanner.found_in(data)
        assert found, f"{label} as {form}"
        assert {one.split(" ")[0] for one in found} == {label}


def test_one_line_of_a_key_is_enough(scanner: Scanner) -> None:
    assert scanner.found_in(KEY.splitlines()[2].encode()) == ["key (raw)"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nothing here\n",
        b"-----BEGIN EC KEY-----\n-----END EC KEY-----\n",
        TOKEN[:-1].encode(),
        JWT.encode()[5:],
        base64.b64encode(b"something else altogether"),
    ],
)
def test_nothing_else_is_found(scanner: Scanner, data: bytes) -> None:
    assert scanner.found_in(data) == []


def test_noise_holds_no_secret(scanner: Scanner) -> None:
    assert scanner.found_in(os.urandom(1 << 20)) == []
    assert scanner.found_in(base64.encodebytes(os.urandom(1 << 20))) == []


def test_ordinary_words_are_no_secrets() -> None:
    assert list(forms("root")) == []
    assert Scanner([("dev-token", "root")]).found_in(b"root@host") == []


def test_each_of_many_is_found_and_none_is_mistaken() -> None:
    many = {f"canary-{number}": secrets.token_urlsafe(32) for number in range(200)}
    scanner = Scanner(many.items())
    for label in ("canary-0", "canary-99", "canary-199"):
        for plant in (PLANTED["raw"], PLANTED["base64 at 1"], PLANTED["over lines"], PLANTED["hex"]):
            [found] = scanner.found_in(b"x" * 1000 + plant(many[label]) + b"x" * 1000)
            assert found.startswith(f"{label} (")
    assert scanner.found_in(secrets.token_urlsafe(100_000).encode()) == []


def image(layer: bytes, packed: bool) -> io.BytesIO:
    """As ``docker save`` writes it: a description, and a layer with one file."""

    def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))

    inner, outer = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        add(archive, "app/settings.py", layer)
    content = gzip.compress(inner.getvalue()) if packed else inner.getvalue()
    with tarfile.open(fileobj=outer, mode="w") as archive:
        add(archive, "manifest.json", b"[]")
        add(archive, "blobs/sha256/ab", content)
    outer.seek(0)
    return outer


@pytest.mark.parametrize("packed", [True, False])
def test_layers_of_images_are_looked_into(scanner: Scanner, packed: bool) -> None:
    secret = os.urandom(100_000) + f"TOKEN = {TOKEN!r}".encode()
    assert scanner.found_in_image(image(secret, packed)) == {"blobs/sha256/ab": ["token (raw)"]}
    assert scanner.found_in_image(image(b"TOKEN = None", packed)) == {}


def test_the_scanner_itself_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    real = subprocess.Popen

    def popen(command: list[str], **options: object) -> object:
        started.append((command, options.get("env")))
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", popen)
    assert Scanner(SECRETS.items()).found_in(TOKEN.encode())
    assert started
    assert not [value for value in SECRETS.values() if value in repr(started)]
