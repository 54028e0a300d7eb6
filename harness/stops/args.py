"""Arguments of stop conditions. Some take one value alone (``60s``), others a mapping."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, RootModel

from harness.scenario.base import Duration, between

Limit = Annotated[Duration, between(0.1, 3600)]


class LimitAlone(RootModel[Limit]):
    """A condition that takes nothing but a time, and is written as that: ``any_workload_down_for: 60s``."""

    model_config = ConfigDict(frozen=True, strict=True)
