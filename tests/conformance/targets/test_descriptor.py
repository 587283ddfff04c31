"""Descriptor files: every unknown key, wrong type and contradiction is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.targets.container import ContainerTarget
from conformance.targets.descriptor import read, shipped
from conformance.targets.external import ExternalTarget
from conformance.targets.model import CONTROLS, FEATURES
from conformance.targets.resolve import resolve

EXTERNAL = """
name = "mine"
kind = "external"
protocols = ["amqp"]
[amqp]
url = "amqp://u:p@h:1/v"
"""
CONTAINER = """
name = "boxed"
kind = "container"
protocols = ["amqp"]
[container]
images = ["some/broker:{version}"]
amqp_port = 5672
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "broker.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_external_broker(tmp_path: Path) -> None:
    capabilities = "[capabilities]\ntx = false\n"
    target = resolve(str(write(tmp_path, EXTERNAL + capabilities)))
    assert isinstance(target, ExternalTarget)
    assert (target.name, target.product, target.protocols) == ("mine", None, ("amqp",))
    assert not target.capabilities.has("tx")
    assert target.capabilities.has("dead-letter"), "features are there unless it says otherwise"
    assert not target.capabilities.has("restart"), "controls are not"
    assert target.side_by_side


def test_commands_give_controls(tmp_path: Path) -> None:
    commands = '[commands]\nstart = ["a"]\nrestart = ["b"]\nkill = ["c"]\n'
    target = resolve(str(write(tmp_path, EXTERNAL + commands)))
    assert target.capabilities.has("restart")
    assert target.capabilities.has("kill")
    assert not target.side_by_side


def test_a_container(tmp_path: Path) -> None:
    target = resolve(str(write(tmp_path, CONTAINER)))
    assert isinstance(target, ContainerTarget)
    assert target.name == "boxed:latest"
    assert target.capabilities.has("kill")
    assert not target.capabilities.has("alarm"), "there is no rabbitmqctl in it"


def test_the_shipped_descriptors() -> None:
    assert set(shipped()) == {"kafka", "rabbitmq"}
    target = resolve("rabbitmq")
    assert target.name == "rabbitmq:4.3"
    assert target.product == "RabbitMQ"
    assert all(target.capabilities.has(control) for control in CONTROLS)
    assert all(target.capabilities.has(feature) for feature in FEATURES["amqp"])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("name =", "nmae =", "unknown key 'nmae'; known are amqp, capabilities, commands"),
        ('name = "mine"', "", "'name' is missing"),
        ('name = "mine"', 'name = ""', "'name' is missing"),
        ('name = "mine"', "name = 5", "'name' must be a text, not 5"),
        ('kind = "external"', "", "'kind' is missing"),
        ('"external"', '"cloud"', "kind 'cloud' is unknown; choose one of external, container"),
        ('protocols = ["amqp"]', "", "'protocols' is missing"),
        ('["amqp"]', "[]", "'protocols' must be a list of texts, not []"),
        ('["amqp"]', '"amqp"', "'protocols' must be a list of texts, not 'amqp'"),
        ('["amqp"]', '["mqtt"]', "protocol 'mqtt' is unknown; choose from amqp, kafka"),
        ('[amqp]\nurl = "amqp://u:p@h:1/v"', "", 'kind "external" needs [amqp] with a url'),
        ("url =", "uri =", "[amqp] unknown key 'uri'; known are url"),
        ('"amqp://u:p@h:1/v"', "5672", "[amqp] 'url' must be a text, not 5672"),
        ("h:1/v", "h:x/v", "[amqp] 'amqp://u:***@h:x/v' is not a URL"),
        ("[amqp]", '[container]\nimages = ["i"]\n[amqp]', "contradicts [container]; remove one"),
        ("[amqp]", "amqp = 5\n[commands]", "'amqp' must be a table, not 5"),
        ("[amqp]", 'commands = "x"\n[amqp]', "'commands' must be a table, not 'x'"),
    ],
)
def test_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert EXTERNAL.count(old) == 1
    refused(tmp_path, EXTERNAL.replace(old, new), why)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("[capabilities]\nquorum = false", "unknown capability 'quorum'; known are alarm, altern"),
        ('[capabilities]\ntx = "no"', "capability 'tx' must be true or false"),
        ("[capabilities]\nrestart = true", "'restart' is true, but [commands] has no 'restart'"),
        ("[capabilities]\nkill = true", "capability 'kill' is true, but [commands] has no 'kill'"),
        ("[capabilities]\nalarm = true", "'alarm' is true, but the kit has no means to control it"),
        ('[commands]\nreboot = ["x"]', "[commands] unknown key 'reboot'; known are kill, restart"),
        ('[commands]\nstart = "docker up"', "[commands] 'start' must be a list of texts, not"),
        ("[commands]\nstart = []", "[commands] 'start' must be a list of texts, not []"),
        ('[commands]\nkill = ["x"]', "[commands] has 'kill', but no 'start' that could follow it"),
    ],
)
def test_capabilities_and_commands_refused(tmp_path: Path, more: str, why: str) -> None:
    refused(tmp_path, EXTERNAL + more, why)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("amqp_port = 5672", "", 'kind "container" needs [container] with images and amqp_port'),
        ("5672", "70000", "[container] 'amqp_port' is no port: 70000"),
        ("5672", '"5672"', "[container] 'amqp_port' must be a whole number, not '5672'"),
        ("5672", "true", "[container] 'amqp_port' must be a whole number, not True"),
        ('["some/broker:{version}"]', '"some/broker"', "[container] 'images' must be a list"),
        ("{version}", "{tag}", "image 'some/broker:{tag}' may hold {version} only"),
        ("[container]", '[amqp]\nurl = "amqp://h"\n[container]', "contradicts [amqp]; remove it"),
        (
            "[container]",
            '[commands]\nstart = ["x"]\n[container]',
            "contradicts [commands]; remove it",
        ),
    ],
)
def test_containers_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert CONTAINER.count(old) == 1
    refused(tmp_path, CONTAINER.replace(old, new), why)


def refused(folder: Path, text: str, why: str) -> None:
    path = write(folder, text)
    with pytest.raises(UsageError) as caught:
        resolve(str(path))
    assert str(caught.value).startswith(f"descriptor {path}: ")
    assert why in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no descriptor at .*nowhere.toml; check the path"):
        read(tmp_path / "nowhere.toml")
    with pytest.raises(UsageError, match="cannot read descriptor"):
        read(write(tmp_path, "name = "))
    with pytest.raises(UsageError, match="cannot read descriptor"):
        read(tmp_path)
    path = tmp_path / "broker.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot read descriptor"):
        read(path)
