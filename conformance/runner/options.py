"""What a run was asked to do."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from conformance.drivers.waiting import ANSWER_WITHIN_S
from conformance.errors import UsageError
from conformance.requirements import Catalogue, Requirement, load_catalogue
from conformance.requirements.model import PROFILES, Level
from conformance.resources import Kit, kit_in

EXAMPLES = {"quick": 4, "core": 20, "full": 40}
"""Examples of a property of ordinary cost, by profile."""


@dataclass(frozen=True)
class RunOptions:
    """Options of `brokertck run` for one target.

    `nonce` makes names unique on shared brokers. `kit` is the folder of a kit of one's own (see
    `kit_in`); empty for the shipped one.
    """

    target: str
    profile: str = "core"
    select: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    seed: int = 0
    workers: int = 0
    shard: tuple[int, int] = (1, 1)
    strict: bool = False
    shrink: bool = True
    test_limit_s: float = 60.0
    answer_within_s: float = ANSWER_WITHIN_S
    nonce: str = "000000"
    kit: str = ""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise UsageError(
                f"unknown profile {self.profile!r}; choose one of {', '.join(PROFILES)}"
            )
        known = [level.value for level in Level]
        for level in self.levels:
            if level not in known:
                raise UsageError(f"unknown level {level!r}; choose from {', '.join(known)}")
        index, count = self.shard
        if not 1 <= index <= count:
            raise UsageError(f"shard {index}/{count} does not exist; write I/N with 1 <= I <= N")

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> RunOptions:
        values = json.loads(text)
        for name in ("select", "levels", "shard"):
            values[name] = tuple(values[name])
        return cls(**values)

    @property
    def base_examples(self) -> int:
        return EXAMPLES[self.profile]

    @property
    def material(self) -> Kit:
        """The folders of the kit."""
        return kit_in(self.kit)

    @property
    def catalogue(self) -> Catalogue:
        """All requirements of the kit."""
        return load_catalogue(self.material.requirements)

    def selected(self, protocols: tuple[str, ...]) -> list[Requirement]:
        """The requirements of this run that speak of `protocols`: those that the target serves.

        Raises UsageError for patterns that match nothing.
        """
        catalogue = self.catalogue
        chosen = catalogue.select(self.select) if self.select else list(catalogue.values())
        chosen = [requirement for requirement in chosen if requirement.protocol in protocols]
        runs = PROFILES[: PROFILES.index(self.profile) + 1]
        index, count = self.shard
        return [
            requirement
            for number, requirement in enumerate(chosen)
            if (self.select or requirement.profile in runs)
            and (not self.levels or requirement.level.value in self.levels)
            and number % count == index - 1
        ]


def parse_shard(text: str) -> tuple[int, int]:
    """Parse "I/N". Raises UsageError."""
    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit()):
        raise UsageError(f"{text!r} is not a shard; write I/N, for example 1/4")
    return int(index), int(count)
