"""The one sink that keeps secrets out of every log, history and report.

Two nets. The first knows each secret the run minted, in the forms in which programs tend to print it. The
second knows what tokens and private keys look like, for those the run did not mint itself.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

SHORTEST_SECRET = 6
_MARKER = "[redacted:"

# A multi-line secret is usually logged line by line; its lines count as secrets from this length on.
_SHORTEST_LINE = 16

# Where programs break base64: as in PEM, and as in mail and `base64` itself.
_WRAPPED_AT = (64, 76)

_SHAPES = re.compile(
    r"""
      (?P<vault_token> \bhv[sbr]\.[A-Za-z0-9_-]{8,}            # since Vault 1.10: service, batch, recovery
        | (?<![\w.-])[sb]\.(?=[A-Za-z]*\d)[A-Za-z0-9]{24,}(?:\.[A-Za-z0-9]+)? )  # before; no digit: a name in code
    | (?P<jwt> eyJ[\w-]{8,8192}+\.[\w-]{8,}+(?:\.[\w-]*+){1,3} )
    | (?P<private_key> -----BEGIN[ ](?:[A-Z0-9]+[ ])*PRIVATE[ ]KEY-----
        (?: (?:[^-]|-(?!----)){0,20000}+-----END[ ](?:[A-Z0-9]+[ ])*PRIVATE[ ]KEY-----
          | [A-Za-z0-9+/=\s\\]* ) )                               # cut off before its end
    """,
    re.VERBOSE | re.ASCII,
)


class Redactor:
    """Replaces secrets in texts by ``[redacted:label]``. Safe to use from several threads.

    A registered secret is found as it is and as base64 (standard and URL alphabet, at any of the three alignments
    inside a longer encoded text, and in the lines in which ``base64`` writes a long one), hexadecimal, URL-escaped,
    HTML-escaped, and JSON-escaped once or twice (a JSON text inside a JSON text). A value registered under two labels
    is shown under the first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labels: dict[str, str] = {}  # form -> label as registered
        self._shown: dict[str, str] = {}  # label as registered -> label as printed
        self._heads: dict[str, tuple[str, ...]] = {}  # first characters -> forms, longest first

    def register(self, label: str, value: str) -> None:
        """Make *value* a secret from now on.

        Raises:
            ValueError: the value is too short to be looked for without destroying ordinary text.
        """
        value = value.strip()
        if len(value) < SHORTEST_SECRET or value in _MARKER:
            raise ValueError(
                f"the secret {label!r} is too short to be redacted: "
                f"it needs at least {SHORTEST_SECRET} characters, to be told from ordinary text"
            )
        label = re.sub(r"[^\w ./@#-]+", "-", label) or "secret"
        with self._lock:
            # A label must not give away what it stands for, nor any other secret.
            for number, (name, shown) in enumerate(self._shown.items()):
                if value in shown:
                    self._shown[name] = f"#{number}"
            if label not in self._shown:
                open_ = value not in label and not any(self._registered(label))
                self._shown[label] = label if open_ else f"#{len(self._shown)}"
            for form in _forms(value):
                if form not in self._labels:
                    self._labels[form] = label
                    head = form[:SHORTEST_SECRET]
                    self._heads[head] = tuple(sorted((*self._heads.get(head, ()), form), key=len, reverse=True))

    def redact(self, text: str) -> str:
        """*text* with every secret in it replaced; the same object if there is none."""
        groups = self._groups(text)
        if not groups:
            return text
        parts: list[str] = []
        done = 0
        for start, end, labels in groups:
            parts += (text[done:start], _MARKER, labels[0], "]")
            done = end
        parts.append(text[done:])
        return "".join(parts)

    def find(self, text: str) -> list[str]:
        """Labels of the secrets in *text*, each once, in the order of appearance."""
        return list(dict.fromkeys(label for *_, labels in self._groups(text) for label in labels))

    def _groups(self, text: str) -> list[tuple[int, int, list[str]]]:
        """Stretches of *text* to replace, overlapping ones joined, with the labels of what is in them."""
        if len(text) < SHORTEST_SECRET:
            return []
        found = [(start, end, self._shown[label], False) for start, end, label in self._registered(text)]
        found += [(m.start(), m.end(), self._shape(m), True) for m in _SHAPES.finditer(text)]
        found.sort(key=lambda span: (span[0], -span[1]))
        joined: list[tuple[int, int, list[tuple[str, bool]]]] = []
        for start, end, label, by_shape in found:
            if joined and start < joined[-1][1]:
                first, last, labels = joined.pop()
                joined.append((first, max(last, end), [*labels, (label, by_shape)]))
            else:
                joined.append((start, end, [(label, by_shape)]))
        # What is known by name is not reported a second time for its looks.
        return [
            (start, end, [n for n, by_shape in labels if not by_shape] or [n for n, _ in labels])
            for start, end, labels in joined
        ]

    def _registered(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Every place where a registered form begins, with the longest form there.

        A dictionary of beginnings, asked at each place: about 0.1 µs a character however many secrets there are,
        and no pattern to compile again whenever a secret is minted.
        """
        heads = self._heads
        if not heads:
            return
        for at in range(len(text) - SHORTEST_SECRET + 1):
            forms = heads.get(text[at : at + SHORTEST_SECRET])
            if forms is None:
                continue
            for form in forms:
                if text.startswith(form, at):
                    yield at, at + len(form), self._labels[form]
                    break

    def _shape(self, match: re.Match[str]) -> str:
        name = (match.lastgroup or "secret").replace("_", "-")
        return "#shape" if any(self._registered(name)) else name


def _forms(value: str) -> set[str]:
    """All texts that count as an appearance of the secret *value*."""
    secrets = {value}
    if "\n" in value:
        lines = (line.strip() for line in value.splitlines())
        secrets |= {line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----")}
    plain = set(secrets)
    for secret in secrets:
        raw = secret.encode("utf-8", "surrogatepass")
        plain |= {raw.hex(), raw.hex().upper()}
        plain |= set(_base64_forms(raw))
    return {form for text in plain for form in _escaped(text) if len(form) >= SHORTEST_SECRET}


def _base64_forms(raw: bytes) -> Iterator[str]:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield whole
        yield whole.rstrip("=")
        for width in _WRAPPED_AT:
            lines = (whole[at : at + width] for at in range(0, len(whole), width))
            yield from (line for line in lines if _SHORTEST_LINE <= len(line) < len(whole))
        for shift in range(3):
            # Of the secret inside a longer text only the characters made of its bits alone are certain.
            text = encode(bytes(shift) + raw).decode()
            yield text[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]


def _escaped(text: str) -> Iterable[str]:
    """*text* as it looks in JSON, in JSON within JSON, in URLs and in HTML."""
    forms = {text}
    for once in set(_json_escaped(text)):
        forms |= {once, *_json_escaped(once)}
    for safe in ("", "/"):
        for escape in (quote, quote_plus):
            escaped = escape(text, safe=safe, errors="replace")
            forms |= {escaped, re.sub("%[0-9A-F]{2}", lambda m: m[0].lower(), escaped)}
    forms |= {html.escape(text), html.escape(text, quote=False), html.escape(text).replace("&#x27;", "&#39;")}
    return forms


def _json_escaped(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", r"\/")
        # as Go does, and with it Vault
        yield escaped.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
