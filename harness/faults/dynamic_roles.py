"""The dynamic roles of Vault's database engine, and the users that are made for them."""

from __future__ import annotations

import re

from pydantic import Field

from harness.faults.ports import DatabaseAdmin
from harness.scenario.base import StrictModel

_SHOWN = 8  # characters of a role that Vault puts into the name of a user


class DynamicRoleArgs(StrictModel):
    role: str = Field(description="The dynamic role of Vault's database engine.")
    mount: str = Field("database", description="Where the database engine is mounted.")
    database: str = Field("postgres", description="The database service in which its users are made.")


def users_of(database: DatabaseAdmin, role: str) -> frozenset[str]:
    """The users that Vault has made for leases of *role*: v-<who>-<role>-<random>-<time>."""
    made = re.compile(rf"v-.+-{re.escape(role[:_SHOWN])}-[A-Za-z0-9]{{20}}-\d+")
    return frozenset(name for name in database.login_roles() if made.fullmatch(name))
