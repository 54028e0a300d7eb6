from __future__ import annotations

from harness.breakglass.coverage import attempts_needed
from harness.breakglass.property import prop
from harness.breakglass.view import Drill
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence, Finding, failed, inconclusive, passed
from harness.history.samples import TOLERANCE
from harness.scenario.base import format_duration


@prop(8, "alarmed", "Alarmed")
def check(drill: Drill) -> Finding:
    """Each opening raises an alarm in time, by a channel that was not lost itself."""
    declared, history = drill.declared, drill.history
    channel, limit = declared.alarm, f"limit {format_duration(declared.alarm_within)}"
    alarms = [line for line in history.witnessed if line.witness == channel and line.event == "alarm"]
    evidence: list[Evidence] = []
    unknown: list[str] = []
    slowest = 0.0
    for attempt, t in drill.opened:
        opening = Evidence(t, f"{attempt.name}: opened")
        if drill.lost_at(channel, t):
            return failed(f"{attempt.name}: the alarm goes by {channel}, which was lost itself", opening)
        alarm = next((line for line in alarms if attempt.is_about(line.t, line.text)), None)
        after = None if alarm is None else max(0.0, alarm.t - t)
        if alarm is not None and after is not None and after <= declared.alarm_within + TOLERANCE:
            evidence.append(Evidence(alarm.t, f"{attempt.name}: {channel} had the alarm {after:.1f} s after opening"))
            slowest = max(slowest, after)
            continue
        deadline = t + declared.alarm_within
        if not drill.heard_of(channel):
            unknown.append(f"nothing was ever seen from {channel}")
        elif unseen := drill.blind(channel, t, deadline):
            unknown.append(unseen)
        elif after is not None:
            return failed(f"{attempt.name}: the alarm came {after:.1f} s after opening, {limit}", opening)
        elif history.horizon < deadline - TOLERANCE:
            unknown.append(f"{attempt.name}: the run ended before the alarm was due")
        else:
            return failed(f"{attempt.name}: {channel} had no alarm of it, {limit}", opening)
    if unknown:
        return inconclusive(unknown[0], *evidence)
    for attempt in attempts_needed(drill):
        if attempt.opened is None:
            raise CannotTellError(f"{attempt.name}: it was not opened, so there was nothing to raise an alarm about")
    return passed(f"{channel} had the alarm {slowest:.1f} s after opening at the latest, {limit}", *evidence)
