from __future__ import annotations

import stat
from pathlib import Path

import pytest

from harness.history.redaction import Redactor
from harness.lab.errors import EnvironmentUnusable
from harness.lab.secrets import RunSecrets


def test_a_secret_is_redacted_from_then_on_and_survives_in_a_private_file(tmp_path: Path) -> None:
    redactor = Redactor()
    secrets = RunSecrets("r1", redactor, tmp_path)
    value = secrets.mint("vault-root-token")
    assert secrets.redact(f"token={value}") == "token=[redacted:vault-root-token]"
    assert stat.S_IMODE(secrets.path.stat().st_mode) == 0o600
    again = Redactor()
    assert RunSecrets("r1", again, tmp_path).get("vault-root-token") == value
    assert again.find(value) == ["vault-root-token"]


def test_a_secret_too_short_to_be_told_from_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnusable, match="too short"):
        RunSecrets("r1", Redactor(), tmp_path).keep("pin", "root")


@pytest.mark.parametrize("token", ["root", "invoices"])
def test_the_token_of_a_development_vault_is_kept_and_left_in_texts(token: str, tmp_path: Path) -> None:
    """It stands in the user's Compose file and may be an ordinary word: to find it is no finding."""
    redactor = Redactor()
    secrets = RunSecrets("r1", redactor, tmp_path)
    assert secrets.keep_known("vault-root-token", token) == token
    text = f"Root Token: {token}"
    assert (redactor.find(text), redactor.redact(text)) == ([], text)
    assert RunSecrets("r1", Redactor(), tmp_path).get("vault-root-token") == token


def test_a_real_token_is_redacted_by_its_looks_even_if_called_known(tmp_path: Path) -> None:
    redactor = Redactor()
    token = "hvs." + "CAESIJ7x" * 4
    RunSecrets("r1", redactor, tmp_path).keep_known("vault-root-token", token)
    assert redactor.redact(f"Root Token: {token}") == "Root Token: [redacted:vault-token]"
