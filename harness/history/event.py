"""What all events of a history have in common."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind"):
    """What all events carry. ``source`` names who saw it, such as ``sampler/orders`` or ``docker-events``.

    Events refer to no events, so the garbage collector need not look for rings in a million of them.
    """

    t: float
    wall: str
    source: str
