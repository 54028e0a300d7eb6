"""Looks for secrets in whatever a run leaves or shows, in all the ways in which programs write them down.

Raw, in base64 (both alphabets, at any alignment, wrapped or not), in hexadecimal, escaped for URLs, JSON, JSON in JSON
and HTML, and split over lines. The looking is done by ``grep -F``, which takes thousands of texts at once; they reach
it by an open file without a name, never by its arguments.
"""

from __future__ import annotations

import base64
import html
import json
import re
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO
from urllib.parse import quote, quote_plus

SHORTEST = 12  # characters; shorter ones are words that people chose, such as the token of a Vault in dev mode
SHORTEST_LINE = 16  # of a secret of several lines
WHOLE = 64 * 1024 * 1024  # bytes up to which something is also looked at with its lines joined
LAYER = re.compile(r"blobs/sha256/[0-9a-f]{64}|[0-9a-f]{64}/layer\.tar")  # their names are hashes of what is in them
PIECE = 1024 * 1024
GZIP = b"\x1f\x8b"

# A line's end with what indents or quotes the next line, and the same as text within a text.
BREAKS = (
    re.compile(rb"[ \t]*\r?\n[ \t]*"),
    re.compile(rb"[\"'+\\ \t]*\r?\n[\"' \t|>]*"),
    re.compile(rb"(?:\\+r)?\\+n[ \t]*"),
    re.compile(rb"(?:%0[dD])?%0[aA]"),
)


class Scanner:
    """Knows pairs of label and secret. ``found_in`` names those there are, with the form that gave them away."""

    def __init__(self, secrets: Iterable[tuple[str, str]]) -> None:
        self._names: dict[bytes, str] = {}
        for label, value in secrets:
            for form, text in forms(value):
                self._names.setdefault(text, f"{label} ({form})")
        self._patterns = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the scanner does)
        self._patterns.write(b"".join(text + b"\n" for text in self._names))
        self._patterns.flush()

    def found_in(self, data: bytes) -> list[str]:
        """What is in *data*, each once, sorted."""
        found = self._grep([data])
        texts = [ends.sub(b"", data) for ends in BREAKS] if len(data) <= WHOLE else []
        for text in texts:
            if text != data:
                found |= {f"{name} over lines" for name in self._grep([text]) if name not in found}
        return sorted(found)

    def found_in_stream(self, chunks: Iterable[bytes]) -> list[str]:
        """The same for what does not fit into memory; lines are not joined."""
        return sorted(self._grep(chunks))

    def found_in_image(self, saved: IO[bytes], known: set[str] | None = None) -> dict[str, list[str]]:
        """What is in an image as ``docker save`` writes it, by the name of the layer or the description.

        Layers go by the hash of their content. Those in *known* are not looked at again, and new ones join them.
        """
        found = {}
        known = set() if known is None else known
        with tarfile.open(fileobj=saved, mode="r|") as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is None or (LAYER.fullmatch(member.name) and member.name in known):
                    continue
                known.add(member.name)
                if names := self.found_in_stream(_pieces(file)):
                    found[member.name] = names
        return found

    def _grep(self, chunks: Iterable[bytes]) -> set[str]:
        if not self._names:
            return set()
        self._patterns.seek(0)
        descriptor = self._patterns.fileno()
        with tempfile.TemporaryFile() as matches:  # a pipe could fill up, and both would wait for each other
            process = subprocess.Popen(
                ["grep", "--only-matching", "--text", "--fixed-strings", f"--file=/dev/fd/{descriptor}"],
                stdin=subprocess.PIPE,
                stdout=matches,
                pass_fds=[descriptor],
                env={"LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/local/bin"},
            )
            assert process.stdin is not None
            for chunk in chunks:
                process.stdin.write(chunk)
            process.stdin.close()
            assert process.wait() in (0, 1), "grep failed"
            matches.seek(0)
            return {self._names[match] for match in set(matches.read().splitlines())}


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a layer, unpacked if need be."""
    piece = file.read(PIECE)
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress if piece.startswith(GZIP) else bytes
    while piece:
        yield unpack(piece)
        piece = file.read(PIECE)


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """Every text that counts as *value*, with the name of its form. None has a line break in it."""
    if len(value.strip()) < SHORTEST:
        return
    yield from _forms_of(value.strip())
    if "\n" in value:
        for line in map(str.strip, value.splitlines()):
            if len(line) >= SHORTEST_LINE and not line.startswith("-----"):
                yield from _forms_of(line)


def _forms_of(value: str) -> Iterator[tuple[str, bytes]]:
    raw = value.encode()
    for name, text in (
        ("raw", raw),
        ("hexadecimal", raw.hex().encode()),
        ("hexadecimal", raw.hex().upper().encode()),
        *(("base64", text) for text in base64_forms(raw)),
        *(("escaped for JSON", text.encode()) for text in _json_forms(value)),
        *(("escaped for URLs", text.encode()) for text in _url_forms(value)),
        ("escaped for HTML", html.escape(value).encode()),
    ):
        joined = text.replace(b"\r", b"").replace(b"\n", b"")  # as it is looked for with lines joined
        if len(joined) >= SHORTEST:
            yield name, joined


def base64_forms(raw: bytes) -> Iterator[bytes]:
    """*raw* in base64, alone and inside something longer: then only what is made of its bits alone is certain."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            text = encode(bytes(shift) + raw)
            yield text[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]


def _json_forms(value: str) -> Iterator[str]:
    for once in {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
        for text in (once, once.replace("/", r"\/"), once.replace("<", r"\u003c").replace("&", r"\u0026")):
            yield text
            yield json.dumps(text)[1:-1]


def _url_forms(value: str) -> Iterator[str]:
    for escaped in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield escaped
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), escaped)
