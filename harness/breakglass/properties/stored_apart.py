from __future__ import annotations

from itertools import combinations

from harness.breakglass.property import prop
from harness.breakglass.searches import search_of
from harness.breakglass.view import Drill
from harness.checks.verdict import Finding, failed, passed


@prop(2, "stored-apart", "Stored apart from what it is to replace")
def check(drill: Drill) -> Finding:
    """Its secret is in no Vault, and in the environment of no container; and no two holders keep theirs together."""
    declared = drill.declared
    found = search_of(drill, declared.stores)
    if found.hits:
        return failed(f"{found.hits[0].text}", *found.hits)
    kept = zip(declared.holders, declared.kept, strict=True)
    for (one, place), (other, elsewhere) in combinations(kept, 2):
        if place.strip().casefold() == elsewhere.strip().casefold():
            return failed(f"{one} and {other} keep theirs in the same place: {place}")
    found.require_whole()
    return passed(f"its secret is in none of {len(declared.stores)} places searched", *found.evidence)
