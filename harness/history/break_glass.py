"""The evidence of a break-glass drill: what was declared, what was tried, and what was found.

An *attempt* is one time that the procedure is gone through; it is known by its name (``calm``, ``without-vault``). No
event holds a credential: what stands in a journal is recognised by *marks* that are no secret (a fingerprint, an
accessor, the reason that was given).
"""

from __future__ import annotations

from harness.history.event import Event


class BreakGlassEvent(Event, frozen=True, kw_only=True):
    """What is seen of one procedure. ``attempt`` is empty for what belongs to none."""

    procedure: str
    attempt: str = ""


class BreakGlassDeclared(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.declared"):
    """The procedure as the topology has it: what the drill is judged by, years later, too. Times in seconds."""

    method: str
    opens: str  # service
    holders: tuple[str, ...]
    kept: tuple[str, ...]  # where each of them keeps it, in words
    threshold: int  # how many of them it takes
    isolated_from: tuple[str, ...]  # components it has to do without
    desk: str  # the container from which it is gone through
    may: tuple[str, ...]
    may_not: tuple[str, ...]
    works_within: float
    lasts: float
    alarm: str  # witness
    alarm_within: float
    log: str  # witness, or whoever has a journal of its own
    last_drill: str = ""  # ISO date
    drill_every: int = 0  # days
    also_for: tuple[str, ...] = ()  # workloads that may use it
    workloads: tuple[str, ...] = ()  # all there are
    stores: tuple[str, ...] = ()  # places in which the credential must not be: "kv of vault", "environment of orders"
    traces: tuple[str, ...] = ()  # places in which it must not be left: "shell history of desk", "run folder"
    remains: tuple[str, ...] = ()  # what has to be gone when it is closed
    secrets: tuple[str, ...] = ()  # labels under which the redactor knows its secrets; with "/" at the end, beginnings


class BreakGlassBegun(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.begun"):
    """The clock of an attempt starts: from here the people on call go by the envelope."""

    reason: str


class BreakGlassCarriedOut(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.carried-out"):
    """All of an attempt was gone through but for its closing."""


class ShelfLooked(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.shelf"):
    """A look at what a holder has lying ready, without using it up."""

    holder: str
    usable: bool
    words: str
    expires_in: float | None = None  # seconds; None: it does not


class HoldersTried(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.holders-tried"):
    """Just these holders tried to open it; none of them: somebody without any credential."""

    holders: tuple[str, ...]
    opened: bool
    words: str


class HostTouched(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.touched"):
    """The desk made a connection, or tried to."""

    host: str  # service
    by: str  # "address" or "name"
    ok: bool
    error: str = ""


class BreakGlassOpened(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.opened"):
    """Access was given, or refused. ``marks``: by what journals tell this attempt from all else."""

    opened: bool
    words: str
    marks: tuple[str, ...] = ()


class LifetimeRead(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.lifetime"):
    """How long what was handed out is good for, in the words of whoever accepts it."""

    seconds: float | None  # None: for ever
    renewable: bool
    words: str


class ActionTried(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.action"):
    """Something was done, or asked for, by break-glass. ``wanted``: it stands on the list of what it may do."""

    act: str
    wanted: bool
    allowed: bool
    words: str


class WorkloadTried(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.workload-tried"):
    """The way in was tried with what a workload is known by. ``key`` says with what of it."""

    workload: str
    key: str
    allowed: bool
    words: str


class CredentialLooked(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.looked"):
    """Whether what was handed out is still good."""

    alive: bool
    words: str


class BreakGlassClosing(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.closing"):
    """From here somebody sees to it that it is closed: what ends later did not end by itself."""


class RemainderLooked(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.remainder"):
    """Whether something that has to be gone after closing is gone."""

    what: str
    gone: bool
    words: str


class PlaceSearched(BreakGlassEvent, frozen=True, kw_only=True, tag="break-glass.searched"):
    """A place was searched for the credential's bytes. ``error``: why that could not be done, or not whole."""

    place: str
    found: tuple[str, ...] = ()  # labels of the secrets that were there
    error: str = ""


class Witnessed(Event, frozen=True, kw_only=True, tag="witnessed"):
    """A line of a witness: a service that takes down, on its own output, what others tell it."""

    witness: str
    event: str  # started, opened, used, refused, closed, alarm
    text: str


AnyBreakGlassEvent = (
    BreakGlassDeclared
    | BreakGlassBegun
    | BreakGlassCarriedOut
    | ShelfLooked
    | HoldersTried
    | HostTouched
    | BreakGlassOpened
    | LifetimeRead
    | ActionTried
    | WorkloadTried
    | CredentialLooked
    | BreakGlassClosing
    | RemainderLooked
    | PlaceSearched
    | Witnessed
)
