"""Apache Kafka as a process: its own jars, fetched once by Maven, and one private KRaft node."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.drivers.kafka.endpoint import KafkaEndpoint
from conformance.errors import TargetError, UsageError
from conformance.resources import fixtures_dir
from conformance.targets import descriptor
from conformance.targets.model import Capabilities, all_features
from conformance.targets.ports import LOOPBACK, free_ports
from conformance.targets.process import ProcessTarget

DEFAULT_VERSION = "4.3.1"
VERSION = re.compile(r"\d+\.\d+\.\d+")

FETCH_WITHIN_S = 300
"""Maven took 5 s for 45 jars of 44 MB from a mirror nearby; far more through a slow line."""

FORMAT_WITHIN_S = 60
"""Formatting the folder of a node took 0.7 s."""

CLUSTER_ID = "YnJva2VydGNrLWthZmthLQ"
"""22 characters of base 64, as Kafka's own tool makes them up."""

LISTENERS = """\
node.id=1
process.roles=broker,controller
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{kafka},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{kafka}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
"""


class KafkaProcessTarget(ProcessTarget):
    """One node, broker and controller, with the settings of fixtures/targets/kafka.toml."""

    product = "Kafka"

    def __init__(self, version: str | None = None) -> None:
        super().__init__()
        chosen = self.version = version or DEFAULT_VERSION
        if not VERSION.fullmatch(chosen):
            raise UsageError(
                f"process:kafka:{version} names no version; write three numbers, as in "
                f"process:kafka:{DEFAULT_VERSION}"
            )
        self.name = "process:kafka" if version is None else f"process:kafka:{version}"
        self.protocols = ("kafka",)
        controls = dict.fromkeys(("restart", "kill"), True)
        self.capabilities = Capabilities({**all_features(self.protocols), **controls})
        self._java = ""
        self._libraries = cache_folder() / chosen

    def check(self) -> None:
        self._java = _find_program("java", "a Java runtime (Debian: openjdk-17-jre-headless)")
        if not self._libraries.is_dir():
            _find_program("mvn", "Maven, which fetches Kafka's jars (Debian: maven)")

    def prepare(self, home: Path) -> None:
        self.check()
        if not self._libraries.is_dir():
            fetch_jars(str(self.version), self._libraries)
        kafka, controller = free_ports(2)
        self.endpoints = {"kafka": KafkaEndpoint(LOOPBACK, kafka)}
        listeners = LISTENERS.format(kafka=kafka, controller=controller, logs=home / "logs")
        properties = home / "server.properties"
        properties.write_text(listeners + settings(), encoding="utf-8")
        command = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
        _run([*self._virtual_machine(), *command], f"target {self.name}: format", FORMAT_WITHIN_S)

    def _virtual_machine(self) -> list[str]:
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        memory = ["-Xmx400m", "-XX:+UseSerialGC"]
        return [self._java, *memory, quiet, "-cp", str(self._libraries / "*")]

    def command(self) -> Sequence[str]:
        return [*self._virtual_machine(), "kafka.Kafka", str(self.home / "server.properties")]

    def describe(self) -> Mapping[str, Any]:
        return {"kind": "process", "version": str(self.version), "configuration": settings()}


def settings() -> str:
    """The settings of every Kafka that the kit starts, as properties."""
    given = descriptor.shipped()["kafka"]["settings"]
    return "".join(f"{name}={value}\n" for name, value in given.items())


def cache_folder() -> Path:
    """Where jars are kept from run to run, a folder for each version."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "brokertck" / "kafka"


def fetch_jars(version: str, folder: Path, pom: Path | None = None) -> None:
    """Have Maven put Kafka's jars into `folder`, whole or not at all. Raises TargetError.

    `pom` says which jars if not those of the broker; VERSION in it stands for the version.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        pom = pom or fixtures_dir() / "containers" / "kafka" / "pom.xml"
        project = pom.read_text(encoding="utf-8").replace("VERSION", version)
        (Path(work) / "pom.xml").write_text(project, encoding="utf-8")
        jars = Path(work) / "jars"
        command = ["mvn", "-q", "-B", "-f", f"{work}/pom.xml", "dependency:copy-dependencies"]
        _run([*command, f"-DoutputDirectory={jars}"], f"fetching Kafka {version}", FETCH_WITHIN_S)
        if not folder.is_dir():  # another process may have been faster
            jars.rename(folder)


def _run(command: Sequence[str], what: str, within_s: float) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=within_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TargetError(f"{what} took longer than {within_s:g} s") from error
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        errors = [line for line in said if "ERROR" in line or "rror:" in line] or said
        raise TargetError(f"{what} failed: {errors[0] if errors else 'no output'}")


def _find_program(name: str, what: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise UsageError(
            f"process:kafka needs {what}, and there is no {name!r} on the PATH; install it, or "
            "use the container target kafka:VERSION"
        )
    return found
