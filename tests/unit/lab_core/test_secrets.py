"""Secrets of a run: private on disk, and known to the redactor before anybody has them."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.history.redaction import Redactor
from harness.lab.errors import EnvironmentUnusable
from harness.lab.secrets import RunSecrets


def secrets_in(folder: Path, redactor: Redactor | None = None) -> RunSecrets:
    return RunSecrets("20261122-r.1", redactor or Redactor(), folder)


def test_nothing_is_there_at_first_and_nothing_is_written(tmp_path: Path) -> None:
    secrets = secrets_in(tmp_path / "secrets")
    assert secrets.get("x") is None
    assert secrets.all("x") == ()
    assert not (tmp_path / "secrets").exists()


def test_the_file_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "secrets"
    secrets = secrets_in(folder)
    secrets.mint("root-token")
    assert stat.S_IMODE(secrets.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == [secrets.path], "no other copy lies about"
    secrets.mint("another")
    assert stat.S_IMODE(secrets.path.stat().st_mode) == 0o600


def test_without_a_folder_they_lie_in_the_users_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert RunSecrets("r-1", Redactor()).path == tmp_path / "lockout" / "secrets" / "r-1.json"


def test_what_is_minted_is_random_and_long(tmp_path: Path) -> None:
    secrets = secrets_in(tmp_path)
    values = {secrets.mint(f"label-{number}") for number in range(20)}
    assert len(values) == 20
    assert min(map(len, values)) >= 43, "256 bits"


def test_the_redactor_knows_them_first(tmp_path: Path) -> None:
    redactor = Redactor()
    secrets = secrets_in(tmp_path, redactor)
    value = secrets.mint("idp-client-orders")
    assert redactor.redact(f"Basic {value}") == "Basic [redacted:idp-client-orders]"
    assert secrets.redact(value) == "[redacted:idp-client-orders]"


def test_another_process_finds_them_and_redacts_them(tmp_path: Path) -> None:
    value = secrets_in(tmp_path).keep("vault-root-token", "dev-root-of-theirs")
    redactor = Redactor()
    again = secrets_in(tmp_path, redactor)
    assert again.get("vault-root-token") == value
    assert redactor.find(f"x{value}x") == ["vault-root-token"]


@pytest.mark.parametrize("value", ["", "dev", "12345", "  12345  "])
def test_a_secret_that_is_too_short_to_be_redacted_is_refused(tmp_path: Path, value: str) -> None:
    secrets = secrets_in(tmp_path)
    with pytest.raises(EnvironmentUnusable, match="the secret 'vault-root-token' is too short"):
        secrets.keep("vault-root-token", value)
    assert secrets.get("vault-root-token") is None
    assert not secrets.path.exists()


def test_a_later_value_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    redactor = Redactor()
    secrets = secrets_in(tmp_path, redactor)
    secrets.keep("token", "first-value")
    secrets.keep("token", "second-value")
    assert secrets.get("token") == "second-value"
    assert redactor.find("first-value") == ["token"], "and the earlier one stays a secret"


def test_numbered_secrets_come_in_order(tmp_path: Path) -> None:
    secrets = secrets_in(tmp_path)
    for number in (2, 1, 11, 3):
        secrets.keep(f"unseal-key-{number}", f"share-number-{number}")
    secrets.keep("unseal-key-x", "not-a-number")
    assert secrets.all("unseal-key") == ("share-number-1", "share-number-2", "share-number-3")


def test_the_next_one_takes_the_first_free_number(tmp_path: Path) -> None:
    secrets = secrets_in(tmp_path)
    secrets.keep("rotated-2", "already-there")
    minted = [secrets.mint_next("rotated") for _ in range(2)]
    assert [secrets.get("rotated-1"), secrets.get("rotated-2"), secrets.get("rotated-3")] == [
        minted[0],
        "already-there",
        minted[1],
    ]


def test_components_that_are_set_up_side_by_side_lose_nothing(tmp_path: Path) -> None:
    secrets = secrets_in(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        minted = set(pool.map(lambda number: secrets.mint(f"label-{number}"), range(40)))
        numbered = set(pool.map(lambda _: secrets.mint_next("rotated"), range(40)))
    stored = json.loads(secrets.path.read_text())
    assert len(minted) == len(numbered) == 40
    assert set(stored.values()) == minted | numbered
    assert set(secrets.all("rotated")) == numbered


def test_when_the_run_is_gone_they_are_forgotten(tmp_path: Path) -> None:
    redactor = Redactor()
    secrets = secrets_in(tmp_path, redactor)
    value = secrets.mint("token")
    secrets.forget()
    assert secrets.get("token") is None
    assert not secrets.path.exists()
    assert redactor.find(value) == ["token"], "reports may still be written"
    secrets.forget()


def test_a_torn_file_holds_nothing_and_can_be_forgotten(tmp_path: Path) -> None:
    (tmp_path / "r-1.json").write_text('{"vault-unse')
    secrets = RunSecrets("r-1", Redactor(), tmp_path)
    assert secrets.all("vault-unseal-key") == ()
    secrets.forget()
    assert list(tmp_path.iterdir()) == []
