"""TOML files that describe a broker, so that a new one needs no Python.

    name = "mybroker"                   # in reports
    kind = "external"                   # or "container"
    protocols = ["amqp"]
    product = "RabbitMQ"                # optional: whose versions the requirements are read for

    [amqp]                              # external: where it listens, for each of its protocols
    url = "amqp://user:password@host:5672/%2F"
    [kafka]
    url = "kafka://host:9092"

    [container]                         # container: images to try in order, ports inside
    images = ["rabbitmq:{version}"]
    amqp_port = 5672
    kafka_port = 9092
    setting_prefix = "KAFKA_"           # [settings] become variables: prefix, capitals, "_" for "."
    [container.environment]             # more variables; {kafka} is where clients will connect
    KAFKA_ADVERTISED_LISTENERS = "PLAINTEXT://{kafka}"

    [settings]                          # container: the broker's settings, repeated in reports
    "log.cleaner.backoff.ms" = "100"

    [capabilities]                      # features are assumed present: name those that are not
    tx = false

    [commands]                          # external, optional: how to control it
    start = ["docker", "compose", "up", "--wait"]
    stop = ["docker", "compose", "down"]
    restart = ["docker", "compose", "restart"]
    kill = ["docker", "compose", "kill"]        # `start` follows

guide: docs/guides/testing-a-broker.md
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from conformance.drivers.registry import DRIVERS
from conformance.errors import UsageError
from conformance.resources import fixtures_dir
from conformance.targets.container import ContainerTarget
from conformance.targets.external import ExternalTarget
from conformance.targets.model import CONTROLS, FEATURES, Target

Refuse = Callable[[str], UsageError]

KINDS = ("external", "container")
COMMANDS = ("start", "stop", "restart", "kill")

_TEXT, _LIST, _TABLE, _WHOLE = "text", "list of texts", "table", "whole number"
_KEYS: dict[str, dict[str, str]] = {
    "": {
        "name": _TEXT,
        "kind": _TEXT,
        "protocols": _LIST,
        "product": _TEXT,
        "default_version": _TEXT,
        **dict.fromkeys(FEATURES, _TABLE),
        "container": _TABLE,
        "settings": _TABLE,
        "capabilities": _TABLE,
        "commands": _TABLE,
    },
    **{protocol: {"url": _TEXT} for protocol in FEATURES},
    "container": {
        "images": _LIST,
        "setting_prefix": _TEXT,
        "environment": _TABLE,
        **{f"{protocol}_port": _WHOLE for protocol in FEATURES},
    },
    "commands": dict.fromkeys(COMMANDS, _LIST),
}
"""What each table of a descriptor may hold, and of which type; "" is the file itself."""


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

    _check_keys("", settings, refuse)
    for table in (*FEATURES, "container", "commands"):
        _check_keys(table, settings.get(table, {}), refuse)
    for key in ("name", "kind", "protocols"):
        if not settings.get(key):
            raise refuse(f"{key!r} is missing")
    if settings["kind"] not in KINDS:
        raise refuse(f"kind {settings['kind']!r} is unknown; choose one of {', '.join(KINDS)}")
    for protocol in settings["protocols"]:
        if protocol not in FEATURES:
            raise refuse(f"protocol {protocol!r} is unknown; choose from {', '.join(FEATURES)}")
    if settings["kind"] == "external":
        _check_external(settings, refuse)
    else:
        _check_container(settings, refuse)
    known = {name for p in settings["protocols"] for name in FEATURES[p]} | set(CONTROLS)
    for name, value in settings.get("capabilities", {}).items():
        if name not in known:
            raise refuse(f"unknown capability {name!r}; known are {', '.join(sorted(known))}")
        if not isinstance(value, bool):
            raise refuse(f"capability {name!r} must be true or false")


def _check_keys(table: str, found: Mapping[str, Any], refuse: Refuse) -> None:
    where = f"[{table}] " if table else ""
    for key, value in found.items():
        wanted = _KEYS[table].get(key)
        if wanted is None:
            known = ", ".join(sorted(_KEYS[table]))
            raise refuse(f"{where}unknown key {key!r}; known are {known}")
        if not _is(wanted, value):
            raise refuse(f"{where}{key!r} must be a {wanted}, not {value!r}")


def _is(wanted: str, value: Any) -> bool:
    if wanted == _LIST:
        return isinstance(value, list) and bool(value) and all(_is(_TEXT, one) for one in value)
    if wanted == _WHOLE:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {_TEXT: str, _TABLE: dict}[wanted])


def _check_external(settings: Mapping[str, Any], refuse: Refuse) -> None:
    if "container" in settings:
        raise refuse('kind "external" contradicts [container]; remove one of them')
    for protocol in settings["protocols"]:
        if "url" not in settings.get(protocol, {}):
            raise refuse(f'kind "external" needs [{protocol}] with a url')
        try:
            DRIVERS[protocol].parse_url(settings[protocol]["url"])
        except UsageError as error:
            raise refuse(f"[{protocol}] {error}") from error
    commands = settings.get("commands", {})
    if "kill" in commands and "start" not in commands:
        raise refuse("[commands] has 'kill', but no 'start' that could follow it")
    for name in CONTROLS:
        if settings.get("capabilities", {}).get(name) and name not in commands:
            if name in COMMANDS:
                raise refuse(f"capability {name!r} is true, but [commands] has no {name!r}")
            raise refuse(f"capability {name!r} is true, but the kit has no means to control it")


def _check_container(settings: Mapping[str, Any], refuse: Refuse) -> None:
    for table in (*FEATURES, "commands"):
        if table in settings:
            raise refuse(f'kind "container" contradicts [{table}]; remove it')
    container = settings.get("container", {})
    needed = {"images", *(f"{protocol}_port" for protocol in settings["protocols"])}
    if not needed <= set(container):
        shown = " and ".join(sorted(needed, reverse=True))
        raise refuse(f'kind "container" needs [container] with {shown}')
    for protocol in settings["protocols"]:
        port = container[f"{protocol}_port"]
        if not 0 < port < 65536:
            raise refuse(f"[container] '{protocol}_port' is no port: {port}")
    for table in (settings.get("settings", {}), container.get("environment", {})):
        for name, value in table.items():
            if not isinstance(value, str):
                raise refuse(f"{name!r} must be a text, not {value!r}")
    for image in container["images"]:
        try:
            image.format(version="1")
        except (LookupError, ValueError) as error:
            raise refuse(f"[container] image {image!r} may hold {{version}} only") from error


def build(settings: Mapping[str, Any], version: str | None = None) -> Target:
    """Make the target that a checked descriptor describes."""
    name = settings["name"]
    if settings["kind"] == "container":
        chosen = version or settings.get("default_version", "latest")
        return ContainerTarget(f"{name}:{chosen}", settings, chosen)
    return ExternalTarget(
        name,
        {
            protocol: DRIVERS[protocol].parse_url(settings[protocol]["url"])
            for protocol in settings["protocols"]
        },
        product=settings.get("product"),
        capabilities=settings.get("capabilities", {}),
        commands=settings.get("commands", {}),
    )
