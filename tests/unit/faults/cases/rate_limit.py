from __future__ import annotations

from harness.faults.ports import Answer
from harness.faults.rate_limit import CONFIG, QUOTA, QUOTAS
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab

BEFORE = {
    "absolute_rate_limit_exempt_paths": None,
    "enable_rate_limit_audit_logging": False,
    "enable_rate_limit_response_headers": False,
    "rate_limit_exempt_paths": ["sys/health", "sys/seal-status", "sys/unseal"],
}


def counting(lab: FakeLab) -> None:
    """A Vault that keeps count of who asked for what is limited, as long as there is a quota for it."""
    vault = lab.the_vault
    vault.tree[CONFIG] = dict(BEFORE)
    used = [0]

    def refusal(path: str) -> Answer | None:
        quota = vault.tree.get(f"{QUOTAS}/{QUOTA}")
        if quota is None or not path or not path.startswith(quota["path"]):
            return None
        used[0] += 1
        if used[0] <= quota["rate"]:
            return None
        headers = vault.tree[CONFIG]["enable_rate_limit_response_headers"]
        return Answer(429, 0.01, quota["block_interval"].rstrip("s") if headers else "", "rate limit quota exceeded")

    vault.refusal = refusal


def as_before(lab: FakeLab) -> bool:
    tree = lab.the_vault.tree
    config = {key: value or None for key, value in tree[CONFIG].items()}
    return f"{QUOTAS}/{QUOTA}" not in tree and config == {key: value or None for key, value in BEFORE.items()}


CASES = {
    "rate-limit-429": Case(
        "vault",
        {"rate": 3, "block": "5s"},
        evidence="request 4 for auth/approle/login with 429 and Retry-After: 5",
        ready=counting,
        restored=as_before,
    ),
}
