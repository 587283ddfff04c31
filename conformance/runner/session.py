"""The target of a run inside one pytest process: started at the first test, stopped at the end."""

from __future__ import annotations

import contextlib
from typing import ClassVar

import pytest

from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import HandshakeBroken, KitError, TargetError
from conformance.expectations import Deviation, deviations_for
from conformance.requirements import Requirement
from conformance.runner.options import RunOptions
from conformance.targets.model import Identity, Target
from conformance.targets.probe import disagreements, probe
from conformance.targets.readiness import check_answers
from conformance.targets.resolve import resolve

HANDSHAKE_TOPICS = ("connection",)
"""Topics whose tests still tell something when no ordinary client gets past the handshake."""


class RunSession:
    """Owns the target. With several workers each one has a target of its own, unless it is
    somebody else's broker, which they share."""

    KEY: ClassVar[pytest.StashKey[RunSession]] = pytest.StashKey()
    TESTER: ClassVar[pytest.StashKey[AmqpTester]] = pytest.StashKey()

    def __init__(self, options: RunOptions) -> None:
        self.options = options
        self.requirements: dict[str, Requirement] = dict(options.catalogue)
        self.target: Target = resolve(options.target)
        self.identity = Identity("", "")
        self.deviations: dict[str, Deviation] = {}
        self.dead: str = ""
        """Why no further test can run, if that is so."""
        self.locked_out: str = ""
        """Why only the tests of HANDSHAKE_TOPICS can run, if that is so."""
        self.notes: list[str] = []
        self._started = False

    def ensure_started(self) -> None:
        """Start and probe the target once. A failure is kept in `dead`."""
        if self._started or self.dead:
            return
        self._started = True
        try:
            self.target.start()
            self.identity = probe(self.target)
        except HandshakeBroken as error:
            self.locked_out = str(error)
        except KitError as error:
            self.dead = str(error)
            return
        self.deviations = deviations_for(self.identity, self.options.material)

    @property
    def dialect_version(self) -> str | None:
        """The version for which requirements are read; None for a product that is not known, or
        that does not say its version."""
        product = self.target.product or self.identity.product
        known = product == "RabbitMQ" and self.identity.version[:1].isdigit()
        return self.identity.version if known else None

    def describe(self) -> dict[str, object]:
        """The target as results.json tells it."""
        capabilities = self.target.capabilities
        return {
            "name": self.target.name,
            "product": self.identity.product,
            "version": self.identity.version,
            "protocols": list(self.target.protocols),
            "description": dict(self.target.describe()),
            "capabilities": dict(sorted(capabilities.declared.items())),
            "probed": dict(sorted(capabilities.probed.items())),
        }

    def about(self) -> dict[str, object]:
        """What travels with each report: the target, and what concerns the run as a whole."""
        problems = [*disagreements(self.target.capabilities), *self.notes]
        return {"target": self.describe(), "problems": problems}

    def why_not_run(self, requirement: Requirement) -> str:
        """Why a test cannot run at all, or an empty text."""
        if requirement.topic in HANDSHAKE_TOPICS:
            return self.dead
        return self.dead or self.locked_out

    def why_not_applicable(self, requirement: Requirement) -> str:
        """Why a requirement cannot be asked of this target, or an empty text."""
        if requirement.protocol not in self.target.protocols:
            return f"the target does not speak {requirement.protocol}"
        for name in requirement.needs:
            if not self.target.capabilities.has(name):
                return f"the target is declared without {name}"
        version = self.dialect_version
        if version is not None and version not in requirement.applies:
            return f"version {version} does not make this promise ({requirement.applies.text})"
        return ""

    def check_alive(self) -> None:
        """After a failure: does the target still answer? If not, try to bring it back."""
        try:
            check_answers(self.target.name, self.target.amqp)
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
