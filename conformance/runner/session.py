"""The target of a run inside one pytest process: started at the first test, stopped at the end."""

from __future__ import annotations

import contextlib
from typing import ClassVar

import pytest

from conformance.drivers.registry import DRIVERS
from conformance.drivers.tester import Tester
from conformance.errors import HandshakeBroken, KitError, TargetError
from conformance.expectations import Deviation, deviations_for
from conformance.requirements import Requirement
from conformance.runner.options import RunOptions
from conformance.targets.model import Identity, Target
from conformance.targets.readiness import check_answers
from conformance.targets.resolve import resolve


class RunSession:
    """Owns the target. With several workers each one has a target of its own, unless it is
    somebody else's broker, which they share."""

    KEY: ClassVar[pytest.StashKey[RunSession]] = pytest.StashKey()
    TESTER: ClassVar[pytest.StashKey[Tester]] = pytest.StashKey()

    def __init__(self, options: RunOptions) -> None:
        self.options = options
        self.requirements: dict[str, Requirement] = dict(options.catalogue)
        self.target: Target = resolve(options.target)
        self.identities: dict[str, Identity] = {}
        """What the broker says of itself, by protocol; probed before the first test of it."""
        self.deviations: dict[str, Deviation] = {}
        self.dead: str = ""
        """Why no further test can run, if that is so."""
        self.locked_out: dict[str, str] = {}
        """Protocols of which only the first topics can be tested, and why."""
        self.notes: list[str] = []
        self._started = False

    def selected(self) -> list[Requirement]:
        """The requirements of this run that this target can be asked."""
        return self.options.selected(self.target.protocols)

    def ensure_started(self, protocol: str) -> None:
        """Start the target once, and probe each protocol once. A failure is kept in `dead`."""
        if self.dead or protocol in self.identities:
            return
        self.identities[protocol] = Identity("", "")
        try:
            if not self._started:
                self._started = True
                self.target.start()
            if protocol in self.target.protocols:
                self.identities[protocol] = DRIVERS[protocol].probe(self.target)
        except HandshakeBroken as error:
            self.locked_out[protocol] = str(error)
        except KitError as error:
            self.dead = str(error)
            return
        except Exception as error:  # whatever a container engine's client may raise
            self.dead = f"the target could not be started: {type(error).__name__}: {error}"
            return
        self.deviations.update(deviations_for(self.identities[protocol], self.options.material))

    def dialect_version(self, protocol: str) -> str | None:
        """The version for which requirements are read; None for a product that is not known, or
        that does not say its version."""
        identity = self.identities.get(protocol, Identity("", ""))
        product = self.target.product or identity.product
        known = product == DRIVERS[protocol].product and identity.version[:1].isdigit()
        return identity.version if known else None

    def describe(self) -> dict[str, object]:
        """The target as results.json tells it."""
        capabilities = self.target.capabilities
        known = [(i.product, i.version) for i in self.identities.values() if i != Identity("", "")]
        *others, (product, version) = known or [("", "")]
        return {
            "name": self.target.name,
            "product": " and ".join([*(f"{p} {v}" for p, v in others), product]),
            "version": version,
            "protocols": list(self.target.protocols),
            "description": dict(self.target.describe()),
            "capabilities": dict(sorted(capabilities.declared.items())),
            "probed": dict(sorted(capabilities.probed.items())),
        }

    def about(self) -> dict[str, object]:
        """What travels with each report: the target, and what concerns the run as a whole."""
        problems = [*self.target.capabilities.disagreements(), *self.notes]
        identities = [[one.product, one.version] for one in self.identities.values()]
        return {"target": self.describe(), "identities": identities, "problems": problems}

    def why_not_run(self, requirement: Requirement) -> str:
        """Why a test cannot run at all, or an empty text."""
        if requirement.topic in DRIVERS[requirement.protocol].first_topics:
            return self.dead
        return self.dead or self.locked_out.get(requirement.protocol, "")

    def why_not_applicable(self, requirement: Requirement) -> str:
        """Why a requirement cannot be asked of this target, or an empty text."""
        for name in requirement.needs:
            if not self.target.capabilities.has(name):
                return f"the target is declared without {name}"
        version = self.dialect_version(requirement.protocol)
        if version is not None and version not in requirement.applies:
            return f"version {version} does not make this promise ({requirement.applies.text})"
        return ""

    def check_alive(self) -> None:
        """After a failure: does the target still answer? If not, try to bring it back."""
        try:
            check_answers(self.target)
            return
        except HandshakeBroken as error:
            if self.locked_out:
                return
            reason = f"the target stopped answering: {error}"
        except TargetError as error:
            reason = f"the target stopped answering: {error}"
        if not self.target.capabilities.has("restart"):
            self.dead = reason
            return
        try:
            self.target.stop()
            self.target.start()
            self.notes.append(f"{reason}; it was started again")
        except KitError as error:
            self.dead = f"{reason}; starting it again failed too: {error}"

    def stop(self) -> None:
        """Stop the target; that it cannot be stopped changes nothing that was found."""
        with contextlib.suppress(KitError):
            self.target.stop()
