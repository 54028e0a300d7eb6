"""The redactor: nothing registered survives, in any form, and ordinary text does."""

from __future__ import annotations

import base64
import html
import json
import threading
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.history.redaction import Redactor

# Not the characters of the marker: "[redac" registered as a secret is in every redacted text.
secrets = st.text(st.characters(exclude_characters="[]", exclude_categories=("Cs",)), min_size=6, max_size=40).filter(
    lambda value: len(value.strip()) >= 6
)
texts = st.text(max_size=30)


def encodings(value: str) -> list[str]:
    raw = value.encode()
    nested = json.dumps(json.dumps({"v": value}))
    return [
        value,
        json.dumps(value),
        json.dumps(value, ensure_ascii=False),
        nested,
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        html.escape(value),
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
    ]


def redactor(*values: str) -> Redactor:
    made = Redactor()
    for number, value in enumerate(values):
        made.register(f"key {number}", value)
    return made


@given(st.lists(secrets, min_size=1, max_size=6), st.data(), texts, texts)
def test_no_registered_secret_survives_in_any_encoding(
    values: list[str], data: st.DataObject, before: str, after: str
) -> None:
    made = redactor(*values)
    value = data.draw(st.sampled_from(values)).strip()
    for form in encodings(value):
        text = before + form + after
        clean = made.redact(text)
        assert value not in clean
        assert "[redacted:" in clean
        assert made.find(text)


@given(secrets, st.binary(max_size=5), st.binary(max_size=5))
def test_a_secret_is_found_inside_longer_base64(value: str, before: bytes, after: bytes) -> None:
    made = redactor(value)
    raw = before + value.strip().encode() + after
    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        assert made.find(encoded.decode()) == ["key 0"] or made.find(encoded.decode()) == ["#0"]


@given(st.lists(secrets, max_size=5), st.lists(st.one_of(texts, secrets), max_size=8))
def test_find_agrees_with_redact(values: list[str], parts: list[str]) -> None:
    made = redactor(*values)
    text = "".join(parts + values[:1])
    clean, labels = made.redact(text), made.find(text)
    assert (clean != text) == bool(labels)
    shown = {part.partition("]")[0] for part in clean.split("[redacted:")[1:]}
    assert shown <= set(labels) or "[redacted:" in text


@given(texts)
def test_text_without_secrets_stays_the_same_object(text: str) -> None:
    assume("eyJ" not in text)
    made = redactor("correct horse battery staple")
    assert made.redact(text) is text


def test_marker_and_labels() -> None:
    made = Redactor()
    made.register("secret_id of orders", "b8f1c0de-0000-4000-8000-000000000001")
    assert made.redact("id=b8f1c0de-0000-4000-8000-000000000001;") == "id=[redacted:secret_id of orders];"
    assert made.find("b8f1c0de-0000-4000-8000-000000000001 twice b8f1c0de-0000-4000-8000-000000000001") == [
        "secret_id of orders"
    ]


@pytest.mark.parametrize("value", ["", "12345", "     123     ", "redacted"])
def test_values_that_cannot_be_redacted_are_refused_without_showing_them(value: str) -> None:
    with pytest.raises(ValueError, match="the secret 'pin' is too short to be redacted") as caught:
        Redactor().register("pin", value)
    assert "123" not in str(caught.value)


def test_a_label_never_gives_a_secret_away() -> None:
    made = Redactor()
    made.register("password of postgres", "postgres")
    made.register("hunter2!", "hunter2!")
    made.register("other", "of postg")
    for text in ("postgres", "hunter2!", "of postg"):
        assert text not in made.redact(f"<{text}>")


def test_overlapping_secrets_go_as_one() -> None:
    made = redactor("abcdefgh", "efghijklmnop")
    assert made.redact("<abcdefghijklmnop>") == "<[redacted:key 0]>"
    assert made.find("<abcdefghijklmnop>") == ["key 0", "key 1"]


def test_the_longer_of_two_secrets_with_one_beginning_goes_whole() -> None:
    assert redactor("abcdef", "abcdefghij").redact("abcdefghij abcdef") == "[redacted:key 1] [redacted:key 0]"


def test_a_secret_inside_a_json_text_inside_json() -> None:
    value = 'pa"ss\\wörd/<1>'
    made = redactor(value)
    body = json.dumps({"error": json.dumps({"password": value})})
    assert made.find(body) == ["key 0"]
    assert json.loads(made.redact(body))  # still JSON
    go = json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e")
    assert made.find(go) == ["key 0"]


def test_a_multi_line_secret_is_found_line_by_line() -> None:
    pem = "-----BEGIN THING-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END THING-----"
    made = redactor(pem)
    assert made.find("log: AQEFAASCBKcwggSjAgEAAoIB") == ["key 0"]
    assert made.find("-----BEGIN THING-----") == []


@pytest.mark.parametrize("width", [64, 76])
def test_a_secret_is_found_in_wrapped_base64(width: int) -> None:
    """As ``base64`` and ``openssl`` write what is long: no line holds all of it, and each is looked at alone."""
    value = (
        "-----BEGIN THING-----\n" + "\n".join("AbCdEfGhIjKlMnOp"[n:] * 4 for n in range(5)) + "\n-----END THING-----"
    )
    redactor = Redactor()
    redactor.register("key", value)
    encoded = base64.b64encode(value.encode()).decode()
    lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
    assert len(lines) > 3
    for line in lines[:-1]:
        assert redactor.redact(line) == "[redacted:key]"
        assert redactor.find(f"    {line}\\") == ["key"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("token hvs.CAESIJlBz1x_dGxG-9 end", "token [redacted:vault-token] end"),
        ("hvb.AAAAAQLx9x8", "[redacted:vault-token]"),
        ("s.aB3dE6gH9jK2mN5pQ8sT1vW4", "[redacted:vault-token]"),
        ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvcmRlcnMifQ.c2lnbmF0dXJl,", "Bearer [redacted:jwt],"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n", "[redacted:private-key]\n"),
        ('{"k":"-----BEGIN PRIVATE KEY-----\\nMIIEabc"}', '{"k":"[redacted:private-key]"}'),
    ],
)
def test_shapes_of_secrets_that_nobody_registered(text: str, clean: str) -> None:
    assert Redactor().redact(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "auth/approle/login of orders.service",
        "this.methodWithAVeryLongNameIndeed.andMore",
        "s.methodWithAVeryLongNameIndeedAndMore()",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
        "hmac-sha256:27f5c0de27f5c0de27f5c0de27f5c0de27f5c0de",
        "eyJust a word",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor().redact(text) is text


def test_what_is_known_by_name_is_not_reported_for_its_looks() -> None:
    made = Redactor()
    made.register("root token", "hvs.CAESIJlBz1xdGxG9abcdef")
    assert made.find("hvs.CAESIJlBz1xdGxG9abcdef") == ["root token"]


def test_hundreds_of_secrets_in_a_long_text() -> None:
    made = redactor(*(f"{number:032x}" for number in range(7, 700_000, 1400)))
    text = "2026-11-22 10:00:00 INFO request served in 12 ms for client 10.0.0.7\n" * 20_000
    began = time.perf_counter()
    assert made.redact(text + f"{7:032x}") == text + "[redacted:key 0]"
    # 1.4 million characters take about 0.2 s; a pass for each secret would take a hundred times as long
    assert time.perf_counter() - began < 5


def test_registering_while_redacting() -> None:
    made = redactor("first secret value")
    done = threading.Event()
    seen: list[str] = []

    def keep_redacting() -> None:
        while not done.is_set():
            seen.append(made.redact("a first secret value b"))

    thread = threading.Thread(target=keep_redacting)
    thread.start()
    for number in range(200):
        made.register(f"more {number}", f"secret number {number}")
    done.set()
    thread.join()
    assert set(seen) == {"a [redacted:key 0] b"}
