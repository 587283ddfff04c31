"""The target of a run inside one pytest process: started at the first test, stopped at the end."""

from __future__ import annotations

import contextlib
from typing import ClassVar

import pytest

from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import TargetError
from conformance.expectations import Deviation, deviations_for
from conformance.requirements import Requirement, load_catalogue
from conformance.runner.options import RunOptions
from conformance.targets.model import Identity, Target
from conformance.targets.probe import disagreements, probe
from conformance.targets.readiness import open_once
from conformance.targets.resolve import resolve


class RunSession:
    """Owns the target. With several workers each one has a target of its own, unless it is
    somebody else's broker, which they share."""

    KEY: ClassVar[pytest.StashKey[RunSession]] = pytest.StashKey()
    TESTER: ClassVar[pytest.StashKey[AmqpTester]] = pytest.StashKey()

    def __init__(self, options: RunOptions) -> None:
        self.options = options
        self.requirements: dict[str, Requirement] = dict(load_catalogue())
        self.target: Target = resolve(options.target)
        self.identity = Identity("", "")
        self.deviations: dict[str, Deviation] = {}
        self.dead: str = ""
        """Why no further test can run, if that is so."""
        self._started = False

    def ensure_started(self) -> None:
        """Start and probe the target once. A failure is kept in `dead`."""
        if self._started or self.dead:
            return
        self._started = True
        try:
            self.target.start()
            self.identity = probe(self.target)
        except TargetError as error:
            self.dead = str(error)
            return
        self.deviations = deviations_for(self.identity)

    @property
    def dialect_version(self) -> str | None:
        """The version for which requirements are read; None for a product that is not known."""
        product = self.target.product or self.identity.product
        return self.identity.version if product == "RabbitMQ" else None

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

    def problems(self) -> list[str]:
        return disagreements(self.target.capabilities)

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
            open_once(self.target.name, self.target.amqp).client.close()
            return
        except TargetError as error:
            reason = str(error)
        if self.target.capabilities.has("restart"):
            with contextlib.suppress(TargetError):
                self.target.stop()
                self.target.start()
                return
        self.dead = f"the target stopped answering: {reason}"

    def stop(self) -> None:
        with contextlib.suppress(TargetError):
            self.target.stop()
