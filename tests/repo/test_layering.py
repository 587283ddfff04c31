"""Who may import whom, and what the deterministic layers may not touch (docs/architecture.md)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.repo.sources import imports_of, module_name, python_files, tree_of, within

AMQP = "reference_impl.amqp"
KAFKA = "reference_impl.kafka"
GENERAL = ("reference_impl.clock", "reference_impl.errors", "reference_impl.timers")
PLAIN = (f"{AMQP}.fields", f"{AMQP}.versions", *GENERAL)
KAFKA_PLAIN = (f"{KAFKA}.errors", f"{KAFKA}.record", f"{KAFKA}.versions", *GENERAL)
SESSION = (
    f"{AMQP}.session",
    f"{AMQP}.channel_session",
    f"{AMQP}.replies",
    f"{AMQP}.methods",
)

LAYERS: dict[str, tuple[str, ...]] = {
    "reference_impl.errors": (),
    "reference_impl.clock": (),
    "reference_impl.timers": ("reference_impl.clock",),
    f"{AMQP}.fields": (),
    f"{AMQP}.limits": (),
    f"{AMQP}.versions": ("reference_impl.errors",),
    f"{AMQP}.core": (f"{AMQP}.core", *PLAIN),
    f"{AMQP}.wire": (f"{AMQP}.wire", *PLAIN),
    **dict.fromkeys(SESSION, (*SESSION, f"{AMQP}.core", f"{AMQP}.wire", f"{AMQP}.limits", *PLAIN)),
    f"{AMQP}.durable": (f"{AMQP}.core", f"{AMQP}.wire", "reference_impl.storage.journal", *PLAIN),
    f"{KAFKA}.errors": (),
    f"{KAFKA}.record": (f"{KAFKA}.record", f"{KAFKA}.errors"),
    f"{KAFKA}.wire": (f"{KAFKA}.wire", f"{KAFKA}.errors"),
    f"{KAFKA}.versions": ("reference_impl.errors",),
    f"{KAFKA}.core": (f"{KAFKA}.core", *KAFKA_PLAIN),
    f"{KAFKA}.apis": (f"{KAFKA}.apis", f"{KAFKA}.core", f"{KAFKA}.wire", *KAFKA_PLAIN),
    f"{KAFKA}.login": (f"{KAFKA}.apis", f"{KAFKA}.wire", *KAFKA_PLAIN),
    f"{KAFKA}.session": (
        f"{KAFKA}.apis",
        f"{KAFKA}.core",
        f"{KAFKA}.login",
        f"{KAFKA}.wire",
        *KAFKA_PLAIN,
    ),
    f"{KAFKA}.durable": (
        f"{KAFKA}.core",
        f"{KAFKA}.wire",
        "reference_impl.storage.journal",
        *KAFKA_PLAIN,
    ),
    "reference_impl.storage": ("reference_impl.storage", "reference_impl.errors"),
    "reference_impl.config": (
        f"{AMQP}.core.access",
        f"{AMQP}.core.broker",
        f"{KAFKA}.versions",
        *PLAIN,
    ),
    "reference_impl.server": ("reference_impl",),
    "reference_impl.__main__": ("reference_impl.server",),
    "reference_impl": ("reference_impl",),
}
"""What each layer may import of this package; the longest name that fits counts."""

DETERMINISTIC = (
    "reference_impl/amqp",
    "reference_impl/kafka",
    "reference_impl/patterns",
    "reference_impl/clock.py",
    "reference_impl/timers.py",
    "reference_impl/errors.py",
)
BANNED_MODULES = (
    "asyncio",
    "datetime",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "selectors",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "uuid",
)
BANNED_CALLS = ("open", "print", "input", "exec", "eval", "id")
"""Input, output, and what differs from run to run."""

CALLS_THAT_ARE_FINE = {
    ("reference_impl/amqp/core/exchanges.py", "id"): "tells bindings apart, orders nothing",
    ("reference_impl/kafka/wire/sources.py", "exec"): "compiles message schemas, nothing received",
}

IMPORTERS_OF_THE_REFERENCE = (
    "conformance/commands/serve.py",
    "conformance/targets/embedded.py",
    "conformance/targets/embedded_patterns.py",
)
"""The kit starts the reference in two ways, makes its patterns, and knows nothing else of it."""

REFERENCE = python_files("reference_impl")


def layer_of(module: str) -> str:
    return max((layer for layer in LAYERS if within(module, layer)), key=len)


@pytest.mark.slow
def test_layers_of_the_reference() -> None:
    assert [
        f"{path} belongs to {layer_of(module_name(path))} and must not import {imported}"
        for path in REFERENCE
        for imported in imports_of(path)
        if within(imported, "reference_impl")
        and not any(within(imported, allowed) for allowed in LAYERS[layer_of(module_name(path))])
    ] == []


def test_every_layer_exists() -> None:
    modules = [module_name(path) for path in REFERENCE]
    later = {f"{AMQP}.replies"}
    for layer in LAYERS:
        assert layer in later or any(within(module, layer) for module in modules), layer


def _roots(path: str) -> list[str]:
    return [name.partition(".")[0] for name in imports_of(path)]


OPTIONAL_IMPORTS = {
    ("reference_impl/server/loops.py", "uvloop"): "a faster loop",
    ("reference_impl/kafka/record/crc.py", "google_crc32c"): "CRC32C 2000 times as fast",
    ("reference_impl/kafka/record/compression.py", "cramjam"): "snappy, lz4 and zstd",
}
"""What the reference uses when it is there."""


def test_reference_needs_the_standard_library_only() -> None:
    allowed = {*sys.stdlib_module_names, "reference_impl"}
    assert [
        f"{path} imports {name}"
        for path in REFERENCE
        for name in _roots(path)
        if name not in allowed and (path, name) not in OPTIONAL_IMPORTS
    ] == []


def test_deterministic_layers_touch_nothing_outside() -> None:
    assert [
        f"{path} imports {name}"
        for path in python_files(*DETERMINISTIC)
        for name in _roots(path)
        if name in BANNED_MODULES
    ] == []
    assert [
        f"{path}:{node.lineno} calls {name}"
        for path in python_files(*DETERMINISTIC)
        for node, name in _calls(path)
        if name in BANNED_CALLS and (path, name) not in CALLS_THAT_ARE_FINE
    ] == []


def _calls(path: str) -> Iterator[tuple[ast.Call, str]]:
    """Calls of plain names."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node, node.func.id


def test_nothing_goes_through_a_set_in_its_order() -> None:
    """The order of a set depends on addresses and on the seed of str hashes."""
    assert [
        f"{path}:{node.lineno}"
        for path in python_files(*DETERMINISTIC)
        for node in _gone_through(path)
        if isinstance(node, ast.Set | ast.SetComp)
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("set", "frozenset"))
    ] == []


def _gone_through(path: str) -> Iterator[ast.expr]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.For | ast.comprehension):
            yield node.iter
    for call, name in _calls(path):
        if name in ("list", "tuple", "iter", "next", "enumerate", "zip"):
            yield from call.args


@pytest.mark.slow
def test_kit_imports_the_reference_only_where_it_starts_it() -> None:
    assert [
        f"{path} imports {imported}"
        for path in python_files("conformance")
        for imported in imports_of(path)
        if within(imported, "reference_impl") and path not in IMPORTERS_OF_THE_REFERENCE
    ] == []


def test_packages_do_not_import_their_tests() -> None:
    assert [
        f"{path} imports {imported}"
        for path in python_files("conformance", "reference_impl")
        for imported in imports_of(path)
        if within(imported, "tests") and path != "conformance/commands/explain.py"
    ] == []  # explain names the mutants where there are any


def test_suites_know_the_kit_and_nothing_else() -> None:
    """They test brokers from outside, so they import neither codecs nor clients of their own."""
    allowed = {*sys.stdlib_module_names, "conformance", "hypothesis", "kafka", "pytest", "pika"}
    assert [
        f"{path} imports {name}"
        for path in python_files("conformance/suites")
        for name in _roots(path)
        if name not in allowed
    ] == []
