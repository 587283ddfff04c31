"""results.json: the record of one run on one target, valid at every moment.

Schema: conformance/reporting/results.schema.json.
"""

from __future__ import annotations

import json
import shlex
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from conformance import __version__
from conformance.errors import UsageError
from conformance.expectations import Deviation
from conformance.reporting.verdicts import Verdict, combine
from conformance.requirements import Requirement

SCHEMA = "brokertck/results/1"
WRITE_EVERY_S = 0.5
"""A run that is killed loses at most the verdicts of this time, or of WRITING_SHARE."""

WRITING_SHARE = 20
"""Writing takes at most one part of so many of a run's time."""


@dataclass
class TestRecord:
    """One test that ran, or the reason why it did not."""

    __test__: ClassVar[bool] = False  # for pytest: this is no test

    requirement: str
    test: str
    verdict: Verdict
    duration_s: float = 0.0
    reason: str = ""
    expected: str = ""
    observed: str = ""
    example: str = ""
    examples: int = 0
    operations: list[str] = field(default_factory=list)
    transcript: list[dict[str, Any]] = field(default_factory=list)
    truncated: bool = False
    traceback: str = ""
    octets: tuple[int, int] = (0, 0)

    def to_json(self) -> dict[str, Any]:
        values = {name: value for name, value in vars(self).items() if value or name == "examples"}
        return {**values, "verdict": self.verdict.value, "octets": list(self.octets)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TestRecord:
        fields = dict(values)
        fields["verdict"] = Verdict(fields["verdict"])
        fields["octets"] = tuple(fields.get("octets", (0, 0)))
        return cls(**fields)


class Results:
    """Collects the records of a run and keeps the file up to date.

    `planned` are the tests of every requirement: while one of them has no record, the requirement
    has not been run, whatever the others say.
    """

    def __init__(
        self,
        path: Path,
        requirements: Iterable[Requirement],
        run: Mapping[str, Any],
        planned: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.path = path
        self.requirements = {r.id: r for r in requirements}
        self.planned = {i: frozenset((planned or {}).get(i, ())) for i in self.requirements}
        self.run = dict(run)
        self.target: dict[str, Any] = {}
        self.deviations: dict[str, Deviation] = {}
        self.records: dict[str, list[TestRecord]] = {r: [] for r in self.requirements}
        self.problems: list[str] = []
        """What concerns the run as a whole, such as a capability that is not as declared."""
        self.complete = False
        self.stopped_early = ""
        self._started_s = time.time()
        self._write_at_s = 0.0

    def add(self, record: TestRecord) -> None:
        self.records[record.requirement].append(record)
        if time.monotonic() > self._write_at_s:
            self.write()

    def verdict(self, identifier: str) -> Verdict:
        records = self.records[identifier]
        verdicts = [record.verdict for record in records]
        if self.planned[identifier] - {_without_parameters(record.test) for record in records}:
            verdicts.append(Verdict.NOT_RUN)
        return combine(verdicts)

    def requirement_of(self, test: str) -> str:
        """The requirement that a planned test decides, or an empty text."""
        name = _without_parameters(test)
        return next((i for i, tests in self.planned.items() if name in tests), "")

    def expected(self, identifier: str) -> bool:
        """Whether the verdict is what it should be: no failure, or a known deviation that fails."""
        verdict = self.verdict(identifier)
        deviates = identifier in self.deviations
        if verdict in (Verdict.FAILED, Verdict.WARNED):
            return deviates or verdict is Verdict.WARNED
        if verdict is Verdict.PASSED:
            return not deviates
        return verdict is Verdict.NOT_APPLICABLE

    def unexpected(self) -> list[str]:
        """Requirements whose verdict is not what it should be, in order."""
        return [identifier for identifier in self.records if not self.expected(identifier)]

    def counts(self) -> dict[str, int]:
        """How many requirements have each verdict; known deviations are counted apart."""
        counter = Counter(
            "known deviation"
            if self.verdict(identifier) is Verdict.FAILED and identifier in self.deviations
            else self.verdict(identifier).value
            for identifier in self.records
        )
        return dict(sorted(counter.items()))

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "kit": {"name": "brokertck", "version": __version__},
            "target": self.target,
            "run": {
                **self.run,
                "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._started_s)),
                "duration_s": round(time.time() - self._started_s, 3),
                "complete": self.complete,
                **({"stopped_early": self.stopped_early} if self.stopped_early else {}),
            },
            "summary": {**self.counts(), "unexpected": len(self.unexpected())},
            "problems": self.problems,
            "requirements": {
                identifier: self._requirement_json(identifier) for identifier in self.records
            },
        }

    def _requirement_json(self, identifier: str) -> dict[str, Any]:
        requirement = self.requirements[identifier]
        records = self.records[identifier]
        deviation = self.deviations.get(identifier)
        described: dict[str, Any] = {
            "topic": requirement.topic,
            "protocol": requirement.protocol,
            "level": requirement.level.value,
            "statement": requirement.statement,
            "sources": list(requirement.sources),
            "chapter": list(requirement.chapter),
            "verdict": self.verdict(identifier).value,
            "expected": self.expected(identifier),
            "duration_s": round(sum(record.duration_s for record in records), 3),
            "tests": [record.to_json() for record in records],
        }
        if deviation is not None:
            described["deviation"] = {"reason": deviation.reason, "link": deviation.link}
        return described

    def write(self) -> None:
        """Replace the file at once, so that a reader or a kill never meets half of it."""
        started_s = time.monotonic()
        temporary = self.path.with_suffix(".tmp")
        # Without indentation json is ten times as fast, as it need not be written in Python.
        text = json.dumps(self.to_json(), indent=1 if self.complete else None)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self.path)
        now_s = time.monotonic()
        self._write_at_s = now_s + max(WRITE_EVERY_S, WRITING_SHARE * (now_s - started_s))


def _without_parameters(test: str) -> str:
    return test.partition("[")[0]


def command_again(run: Mapping[str, Any], identifier: str) -> str:
    """The command that runs one requirement again with the same inputs."""
    command = ["brokertck", "run", "--target", run["target"], "--select", identifier]
    command += ["--profile", run["profile"], "--seed", str(run["seed"])]
    if run.get("strict"):
        command.append("--strict")
    if run.get("kit"):
        command += ["--kit", run["kit"]]
    return shlex.join(command)


def find_results(folder: Path) -> list[Path]:
    """The results files in and below a folder, in order: each results.json, as a run writes it,
    and each JSON file of a folder `results`, where published ones are called after the target."""
    return sorted({*folder.rglob("results.json"), *folder.rglob("results/*.json")})


def load_results(path: Path) -> dict[str, Any]:
    """Read a results file. Raises UsageError if it is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read results {path}: {error}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise UsageError(f"{path} is not a results file of this kit (schema {SCHEMA!r})")
    missing = sorted({"target", "run", "summary", "problems", "requirements"} - set(content))
    if missing:
        raise UsageError(f"{path} is damaged: it lacks {', '.join(missing)}; run again to renew it")
    return content
