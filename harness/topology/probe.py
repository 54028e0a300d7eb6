"""How a workload is asked to do real work."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from harness.scenario.base import Duration, StrictModel, Texts, between
from harness.topology.fields import Port, one_of


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


StatusCode = Annotated[int, Field(ge=100, le=599)]


class HttpProbe(StrictModel):
    """A request to a port of the workload."""

    port: Port
    path: str = Field("/", pattern="^/")
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    expect_status: Annotated[tuple[StatusCode, ...], Field(strict=False), BeforeValidator(_one_or_many)] = ()

    def accepts(self, status: int) -> bool:
        """Whether *status* means that the work was done: one of ``expect_status``, or any 2xx without it."""
        return status in self.expect_status if self.expect_status else 200 <= status < 300


class TcpProbe(StrictModel):
    """A connection to a port of the workload; open is good."""

    port: Port


class Probe(StrictModel):
    """Exactly one of an HTTP request, a command in the container (exit code 0 is good) and a TCP connect."""

    http: HttpProbe | None = None
    command: Texts | None = Field(None, min_length=1)
    tcp: TcpProbe | None = None
    timeout: Annotated[Duration, between(0.01, 60)] = 1.0

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        one_of({"http": self.http, "command": self.command, "tcp": self.tcp}, "a probe")
        return self
