from __future__ import annotations

from collections.abc import Sequence

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab
from tests.unit.faults.fakes.networks import STAND_IN


def looks_up(lab: FakeLab) -> None:
    """Workloads look names up; whoever has an address in place of the holder has nothing to say."""

    def look(command: Sequence[str], stdin: str) -> str:
        name = command[-2]
        address = lab.networks.lookup(name)
        if not address:
            return "NXDOMAIN -2\n"
        (owner,) = (
            end.service for end in lab.networks.ends.values() if (end.network, end.address) == ("auth", address)
        )
        return f"{address} {'ConnectionRefusedError' if owner.startswith(STAND_IN) else 'answers'}\n"

    lab.containers.answers["getaddrinfo"] = look


def found_again(lab: FakeLab) -> bool:
    ends = lab.networks.ends
    holder = ends["proxy", "auth"]
    return (
        sorted(holder.names) == ["idp", "proxy", "vault"]
        and lab.networks.lookup("vault") == lab.networks.lookup("idp") == holder.address
        and len({end.address for end in ends.values() if end.network == "auth"}) == 3
        and not any(service.startswith(STAND_IN) for service, _ in ends)
    )


CASES = {
    "dns-nxdomain": Case("vault", evidence="no such name", ready=looks_up, restored=found_again),
    "dns-stale-address": Case("idp", evidence="10.1.0.3", ready=looks_up, restored=found_again),
}
