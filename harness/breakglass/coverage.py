"""Whether a drill went through the procedure under everything that it has to do without. Pure."""

from __future__ import annotations

from harness.breakglass.view import Attempt, Drill, in_words
from harness.checks.registry import CannotTellError


def attempts_needed(drill: Drill) -> list[Attempt]:
    """The attempt under each loss, one at a time and all together.

    Raises:
        CannotTellError: one of them was not made; the reason says under which loss.
    """
    found = {lost: drill.under(lost) for lost in drill.losses}
    missing = [in_words(lost) for lost, attempt in found.items() if attempt is None]
    if missing:
        raise CannotTellError(f"it was not gone through with {'; nor with '.join(missing)}")
    return [attempt for attempt in found.values() if attempt is not None]


def require_opened(attempt: Attempt) -> None:
    """Make sure that the attempt got as far as access.

    Raises:
        CannotTellError: it did not.
    """
    if attempt.opened is None:
        why = f" ({attempt.opening.words})" if attempt.opening is not None else ""
        raise CannotTellError(f"{attempt.name}: it was not opened{why}, so what would have come then is unknown")
