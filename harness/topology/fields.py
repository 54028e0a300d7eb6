"""Field types that ``x-lockout`` blocks share.

Compose turns every interpolated value of an extension (``${PORT:-8080}``) into text, so whole numbers and truth
values are also taken as text here, unlike in scenarios.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field
from pydantic_core import PydanticCustomError

from harness.scenario.base import Day, StrictModel

_DIGITS = re.compile(r"[0-9]{1,9}")


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _truth(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _day(value: object) -> object:
    """Compose takes a date that is not quoted for a moment."""
    return value.removesuffix("T00:00:00Z") if isinstance(value, str) else value


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is not a path inside a container: it must begin with /")
    return path


Count = Annotated[int, BeforeValidator(_number), Field(ge=0)]
Port = Annotated[int, BeforeValidator(_number), Field(ge=1, le=65535)]
ComposeDay = Annotated[Day, BeforeValidator(_day)]
Flag = Annotated[bool, BeforeValidator(_truth)]
ContainerPath = Annotated[str, AfterValidator(_absolute)]
ServiceName = Annotated[str, Field(min_length=1)]


class Tls(StrictModel):
    """How to verify this service: the CA certificate to trust, as a file in the container of the CA service."""

    ca_from: ServiceName
    ca_path: ContainerPath


def tagged(choose: Callable[[Mapping[str, Any]], str | None], message: str) -> Discriminator:
    """Chooses between models that are tagged ``(name)``.

    The parentheses keep tags apart from keys in the place of an error. *choose* gives the name without them.
    """

    def discriminate(value: object) -> str | None:
        if isinstance(value, Mapping):
            name = choose(value)
        else:
            tag = getattr(value, "TAG", None)
            name = tag if isinstance(tag, str) else None
        return f"({name})" if name else None

    return Discriminator(
        discriminate, custom_error_type="lockout.choice", custom_error_message=message, custom_error_context={}
    )


def one_of(given: Mapping[str, object], what: str) -> None:
    """Raises unless exactly one value of *given* is set. *what* names the thing, such as ``a probe``."""
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        found = " and ".join(repr(name) for name in names) or "none of them"
        raise PydanticCustomError(
            "lockout.one_of",
            "{text}",
            {"text": f"{what} needs exactly one of {', '.join(map(repr, given))}, but there is {found}"},
        )
