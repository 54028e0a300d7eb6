"""What a step of a timeline waits for: the value of its ``when``, or of its ``until``."""

from __future__ import annotations

from collections.abc import Mapping

from harness.awaited.args import AwaitedArgs
from harness.scenario.named import Named
from harness.scenario.vocabulary import NamedKind, Vocabulary


class Awaited(Named):
    """One observation, written as its name with its arguments: ``token-expired: orders``, or its name alone."""

    what = "observation"
    bare = True

    args: AwaitedArgs

    @classmethod
    def known(cls, vocabulary: Vocabulary) -> Mapping[str, NamedKind]:
        return vocabulary.awaited

    def in_words(self) -> str:
        """``token-expired: orders``, or ``workload-down: workload=orders for=3s``."""
        given = self.args.as_document()
        if not given:
            return self.name
        if given.keys() == {self.args.alone}:
            return f"{self.name}: {given[self.args.alone]}"
        return f"{self.name}: " + " ".join(f"{key}={value}" for key, value in given.items())
