"""TOML files that describe a broker, so that a new one needs no Python.

    name = "mybroker"                   # in reports
    kind = "external"                   # or "container"
    protocols = ["amqp"]
    product = "RabbitMQ"                # optional: whose versions the requirements are read for

    [amqp]                              # external: where it listens
    url = "amqp://user:password@host:5672/%2F"

    [container]                         # container: images to try in order, port inside
    images = ["rabbitmq:{version}"]
    amqp_port = 5672

    [capabilities]                      # features are assumed present: name those that are not
    tx = false

    [commands]                          # external, optional: how to control it
    start = ["docker", "compose", "up", "--wait"]
    stop = ["docker", "compose", "down"]
    restart = ["docker", "compose", "restart"]
    kill = ["docker", "compose", "kill"]

guide: docs/guides/testing-a-broker.md
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.resources import fixtures_dir
from conformance.targets.container import ContainerTarget
from conformance.targets.external import ExternalTarget
from conformance.targets.model import CONTROLS, FEATURES, Target
from conformance.targets.urls import parse_amqp_url

KINDS = ("external", "container")
COMMANDS = ("start", "stop", "restart", "kill")
_KEYS = {
    "name",
    "kind",
    "protocols",
    "product",
    "default_version",
    "amqp",
    "container",
    "capabilities",
    "commands",
}


def shipped() -> dict[str, Mapping[str, Any]]:
    """Return the descriptors of the kit's own container targets by name."""
    found = {}
    for path in sorted((fixtures_dir() / "targets").glob("*.toml")):
        settings = read(path)
        found[settings["name"]] = settings
    return found


def read(path: Path) -> Mapping[str, Any]:
    """Read and check a descriptor. Raises UsageError with what to change."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"no descriptor at {path}; check the path") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read descriptor {path}: {error}") from error
    _check(path, settings)
    return settings


def _check(path: Path, settings: Mapping[str, Any]) -> None:
    def refuse(why: str) -> UsageError:
        return UsageError(f"descriptor {path}: {why}")

    unknown = sorted(set(settings) - _KEYS)
    if unknown:
        raise refuse(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    for key in ("name", "kind", "protocols"):
        if not settings.get(key):
            raise refuse(f"{key!r} is missing")
    kind = settings["kind"]
    if kind not in KINDS:
        raise refuse(f"kind {kind!r} is unknown; choose one of {', '.join(KINDS)}")
    for protocol in settings["protocols"]:
        if protocol not in FEATURES:
            raise refuse(f"protocol {protocol!r} is unknown; choose from {', '.join(FEATURES)}")
    if kind == "external" and "url" not in settings.get("amqp", {}):
        raise refuse('kind "external" needs [amqp] with a url')
    if kind == "external" and "container" in settings:
        raise refuse('kind "external" contradicts [container]; remove one of them')
    if kind == "container" and not {"images", "amqp_port"} <= set(settings.get("container", {})):
        raise refuse('kind "container" needs [container] with images and amqp_port')
    if kind == "container" and ("amqp" in settings or "commands" in settings):
        raise refuse('kind "container" contradicts [amqp] and [commands]; remove them')
    _check_capabilities(settings, refuse)


def _check_capabilities(settings: Mapping[str, Any], refuse: Any) -> None:
    known = {name for p in settings["protocols"] for name in FEATURES[p]} | set(CONTROLS)
    for name, value in settings.get("capabilities", {}).items():
        if name not in known:
            raise refuse(f"unknown capability {name!r}; known are {', '.join(sorted(known))}")
        if not isinstance(value, bool):
            raise refuse(f"capability {name!r} must be true or false")
    commands = settings.get("commands", {})
    for name in commands:
        if name not in COMMANDS:
            raise refuse(f"unknown command {name!r}; known are {', '.join(COMMANDS)}")
    for name in ("restart", "kill"):
        wanted = settings.get("capabilities", {}).get(name)
        if settings["kind"] == "external" and wanted and name not in commands:
            raise refuse(f"capability {name!r} is true, but [commands] has no {name!r}")


def build(settings: Mapping[str, Any], version: str | None = None) -> Target:
    """Make the target that a checked descriptor describes."""
    name = settings["name"]
    if settings["kind"] == "container":
        chosen = version or settings.get("default_version", "latest")
        return ContainerTarget(f"{name}:{chosen}", settings, chosen)
    return ExternalTarget(
        name,
        parse_amqp_url(settings["amqp"]["url"]),
        product=settings.get("product"),
        capabilities=settings.get("capabilities", {}),
        commands=settings.get("commands", {}),
    )
