from __future__ import annotations

from math import inf

from harness.breakglass.property import prop
from harness.breakglass.view import Drill, Entry
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Finding, failed, passed
from harness.checks.windows import was_open

USES = ("opened", "used")


@prop(13, "no-everyday-use", "Not used day to day")
def check(drill: Drill) -> Finding:
    """Whatever use there was fell into a declared incident."""
    declared, history = drill.declared, drill.history
    services = dict.fromkeys((declared.log, declared.opens))
    entries = [(name, entry) for name in services for entry in drill.entries(name)]
    uses = [(name, entry) for name, entry in entries if entry.event in USES]
    incidents = drill.incidents
    outside = [_told(name, entry) for name, entry in uses if not was_open(incidents, entry.t)]
    jumped = history.clock_jumps
    if outside and not jumped:
        return failed(f"it was used {len(outside)} times outside of a declared incident", *outside[:10])
    for name in services:
        if drill.heard_of(name) and (unseen := drill.blind(name, -inf, history.horizon)):
            raise CannotTellError(unseen)
    if jumped:
        raise CannotTellError(f"the clock jumped by {jumped[0].delta:+.1f} s at {jumped[0].t:.1f} s")
    if not drill.heard_of(declared.log):
        raise CannotTellError(f"nothing was ever seen from {declared.log}, in which its use is logged")
    if not uses:
        raise CannotTellError(f"{declared.log} shows no use at all, not even in the drill")
    return passed(f"all {len(uses)} uses fell into the {len(incidents)} times that were declared")


def _told(name: str, entry: Entry) -> Evidence:
    return Evidence(entry.t, f"{name}: {entry.event} ({entry.text})"[:200])
