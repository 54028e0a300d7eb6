"""What the searches for the credential's bytes came to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.breakglass.view import Drill, is_own
from harness.checks.registry import CannotTellError
from harness.checks.verdict import Evidence
from harness.history.break_glass import PlaceSearched


@dataclass(frozen=True, slots=True)
class Search:
    """``hits`` are the secrets that were found, ``evidence`` the places that were searched whole."""

    wanted: tuple[str, ...]
    hits: tuple[Evidence, ...]
    evidence: tuple[Evidence, ...]
    unread: tuple[str, ...]  # why a place was not searched whole

    def require_whole(self) -> None:
        """Make sure that there is nothing left in which it could be.

        Raises:
            CannotTellError: no place was to be searched, or one was not, or not whole.
        """
        if not self.wanted:
            raise CannotTellError("no place was named in which to search for its secret")
        if self.unread:
            raise CannotTellError(self.unread[0])


def search_of(drill: Drill, wanted: Sequence[str]) -> Search:
    """The searches of the places *wanted*. A secret of another procedure counts for nothing here."""
    own = drill.declared.secrets
    made = [one for one in drill.history.break_glass if isinstance(one, PlaceSearched) and one.place in wanted]
    hits = [
        Evidence(one.t, f"{label} is in the {one.place}") for one in made for label in one.found if is_own(label, own)
    ]
    whole = {one.place: Evidence(one.t, f"searched the {one.place}") for one in made if not one.error}
    broken = {one.place: one.error for one in made if one.error}
    unread = [
        f"the {place} could not be searched: {broken[place]}" if place in broken else f"the {place} was not searched"
        for place in wanted
        if place not in whole
    ]
    if not own:
        unread.append("which secrets it has is not known, so nothing could be searched for")
    return Search(tuple(wanted), tuple(hits), tuple(whole.values()), tuple(unread))
