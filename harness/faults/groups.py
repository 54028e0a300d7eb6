"""The groups of faults, with the letters of the failure catalogue."""

from __future__ import annotations

GROUPS = {
    "A": "Vault availability",
    "B": "Vault state and configuration",
    "C": "Tokens and leases",
    "D": "Rotation misfire",
    "E": "Identity provider and OIDC",
    "F": "PKI and TLS",
    "I": "Network, DNS, clock",
    "J": "Workload side and legacy",
    "K": "Break-glass",
}
