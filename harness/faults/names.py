"""Faults of name resolution: a component is up, and cannot be found by its name, or is found where nobody is."""

from __future__ import annotations

from abc import abstractmethod
from ipaddress import IPv4Address
from random import Random

from pydantic import Field

from harness.faults.base import Fault, NoArgs
from harness.faults.ports import Endpoint, FaultNotPossible, Lab
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel
from harness.scenario.effect import Effect, gone

PYTHON = "python3"
_HOLES = 8  # lower addresses that are free, at most, in a network in which containers come and go

# Looks a name up as a program does, and knocks at the address. A resolver may take long, and nobody waits for that.
LOOK = """
import signal, socket, sys
signal.alarm(4)
try:
    port = int(sys.argv[2])
    address = socket.getaddrinfo(sys.argv[1], port, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
except socket.gaierror as error:
    print("NXDOMAIN" if error.errno == socket.EAI_NONAME else "lookup-failed", error.errno)
else:
    try:
        socket.create_connection((address, port), 1).close()
        print(address, "answers")
    except OSError as error:
        print(address, type(error).__name__)
"""


class Place(StrictModel):
    """Where a name is found while all is well."""

    holder: str
    network: str
    names: tuple[str, ...] = Field(strict=False)
    address: str


class NameRecord(StrictModel):
    """``places`` as they were; ``witness`` is the workload that is asked what it sees."""

    service: str
    port: int
    witness: str
    places: tuple[Place, ...] = Field(strict=False)


class _NameFault(Fault[NoArgs, NameRecord]):
    """What they share: whoever answers to the name leaves the network, and comes back at another address.

    A container without work takes the address that becomes free. So connections that exist do not survive, and nobody
    can take the old address for the new one. lockout's own way goes by address, and is not concerned.
    """

    group = "I"
    roles = frozenset({"vault", "idp"})
    Record = NameRecord

    def holds(self, target: str, args: NoArgs) -> frozenset[str]:
        return frozenset({"names"})  # of the whole lab, as one container may have several of them

    def needs_up(self, target: str, args: NoArgs) -> frozenset[str]:
        return frozenset()  # the fault proxy has its name, and takes connections whatever is behind it

    def effect(self, target: str, args: NoArgs) -> Effect | None:
        return gone(target)

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> NameRecord:
        port = lab.port(target)
        if port is None:
            raise FaultNotPossible(f"'{target}' declares no port in x-lockout, so nobody could see whether it is found")
        running = [name for name in lab.workloads() if lab.containers.state(name) == "running"]
        there = [(end.network, name) for name in running for end in lab.networks.endpoints(name)]
        places = tuple(
            Place(holder=end.service, network=end.network, names=end.names, address=end.address)
            for end in lab.networks.answering(target)
            if end.network in dict(there) and end.service
        )
        if not places:
            raise FaultNotPossible(f"no workload that runs has a network in which the name '{target}' is known")
        for end in lab.networks.answering(target):
            if end.fixed and end.network in dict(there):
                raise FaultNotPossible(
                    f"{end.service} has a fixed address in {end.network} (ipv4_address), and could not come back to it"
                )
        beside = [name for network, name in there if network == places[0].network]
        witness = next((name for name in beside if lab.containers.can_run(name, PYTHON)), None)
        if witness is None:
            raise FaultNotPossible(f"none of {', '.join(beside)} has {PYTHON}, so nobody can tell what it sees")
        return NameRecord(service=target, port=port, witness=witness, places=places)

    def inject(self, record: NameRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        # All are ready before anybody leaves: it shall be a moment only.
        ready = [(place, self._stand_in(place, lab)) for place in record.places]
        for place, stand_in in ready:
            rest = [name for name in place.names if name != record.service]
            lab.networks.leave(place.holder, place.network)
            lab.networks.rename_stand_in(stand_in, self._new_holder(record.service))
            lab.networks.join(place.holder, place.network, rest)

    def _stand_in(self, place: Place, lab: Lab) -> Endpoint:
        """One that will get the address of *place* next. An engine gives out the lowest that is free, or a new one."""
        for _ in range(_HOLES):
            placed = lab.networks.place_stand_in(place.network, place.holder)
            if IPv4Address(placed.address) > IPv4Address(place.address):
                return placed
        raise EnvironmentUnusable(f"more than {_HOLES} addresses below {place.address} are free in {place.network}")

    @abstractmethod
    def _new_holder(self, name: str) -> tuple[str, ...]:
        """The names of the container at the old address."""

    def observe(self, record: NameRecord, lab: Lab) -> str | None:
        moved = []
        for place in record.places:
            now = self._now(place, lab)
            if now is None or now.address in ("", place.address):
                return None
            moved.append(f"from {place.address} to {now.address}")
        witness = self._witness(record, lab)
        if witness is None:
            raise EnvironmentUnusable(f"no workload runs any more that could look {record.service} up")
        seen = self._seen(record.model_copy(update={"witness": witness}), self._look(record, witness, lab), lab)
        way = " and ".join(moved)
        return f"{seen}; its holder has moved {way}, so no connection has survived" if seen else None

    @abstractmethod
    def _seen(self, record: NameRecord, look: tuple[str, str], lab: Lab) -> str | None:
        """What it proves that the witness saw this."""

    def undo(self, record: NameRecord, lab: Lab) -> None:
        for place in record.places:
            # The old address is not given out again: as after a real fail-over, the name has moved.
            stand_ins = lab.networks.stand_ins(place.network)
            for stand_in in sorted(stand_ins, key=lambda end: end.address == place.address):
                if stand_in.address == place.address:
                    self._give_back(place, lab)
                lab.networks.remove_stand_in(stand_in)
            self._give_back(place, lab)

    def _give_back(self, place: Place, lab: Lab) -> None:
        now = self._now(place, lab)
        if now is None or sorted(now.names) != sorted(place.names):
            if now is not None:
                lab.networks.leave(place.holder, place.network)
            lab.networks.join(place.holder, place.network, place.names)

    def healed(self, record: NameRecord, lab: Lab) -> str | None:
        found = set()
        for place in record.places:
            now = self._now(place, lab)
            if now is None or sorted(now.names) != sorted(place.names) or lab.networks.stand_ins(place.network):
                return None
            found.add(now.address)
        witness = self._witness(record, lab)
        if witness is None:
            return f"{record.service} is at {' and '.join(sorted(found))} under its name again; nobody is left to look"
        address, answer = self._look(record, witness, lab)
        if answer != "answers" or address not in found:
            return None
        return f"{witness} finds {record.service} at {address} again, and it answers there"

    @staticmethod
    def _witness(record: NameRecord, lab: Lab) -> str | None:
        """Who is asked; another one when the first has ended, as a fragile workload does of such a fault."""
        for name in (record.witness, *lab.workloads()):
            if lab.containers.state(name) != "running":
                continue
            beside = record.places[0].network in [end.network for end in lab.networks.endpoints(name)]
            if beside and (name == record.witness or lab.containers.can_run(name, PYTHON)):
                return name
        return None

    @staticmethod
    def _now(place: Place, lab: Lab) -> Endpoint | None:
        """The holder in that network; None when it is not there."""
        return next((end for end in lab.networks.endpoints(place.holder) if end.network == place.network), None)

    @staticmethod
    def _look(record: NameRecord, witness: str, lab: Lab) -> tuple[str, str]:
        """What the witness gets: an address and what is there, or what the lookup failed with."""
        command = [PYTHON, "-c", LOOK, record.service, str(record.port)]
        said = lab.containers.execute(witness, command).split()
        if len(said) != 2:
            raise EnvironmentUnusable(f"{witness}: its lookup of {record.service} said nothing")
        return said[0], said[1]


class DnsNxdomain(_NameFault):
    """The name of a component vanishes: lookups say that there is no such name.

    A resilient client goes on with what it holds, and looks the name up again each time; a fragile one remembers for
    ever that there was none. On 2021-10-04 Facebook's names vanished for its own tools as well. Source: failure
    catalogue, ``dns-nxdomain``.
    """

    name = "dns-nxdomain"

    def _new_holder(self, name: str) -> tuple[str, ...]:
        return ()

    def _seen(self, record: NameRecord, look: tuple[str, str], lab: Lab) -> str | None:
        if look[0] != "NXDOMAIN":
            return None
        return f"{record.witness} looks {record.service} up, and is told that there is no such name"


class DnsStaleAddress(_NameFault):
    """The name of a component points to an address that is dead; after the undo it is found at another one.

    A resilient client drops its pool and looks the name up again; a fragile one keeps the address that it once got
    (hashicorp/consul#5569). Source: failure catalogue, ``dns-stale-address``.
    """

    name = "dns-stale-address"

    def _new_holder(self, name: str) -> tuple[str, ...]:
        return (name,)

    def _seen(self, record: NameRecord, look: tuple[str, str], lab: Lab) -> str | None:
        address, answer = look
        dead = {end.address for place in record.places for end in lab.networks.stand_ins(place.network)}
        if answer == "answers" or address not in dead:
            return None
        return f"{record.witness} finds {record.service} at {address}, where it is not ({answer})"
