"""A broker from a container image, through testcontainers.

Containers carry a label with the host and the process that started them; whatever an interrupted
run of this host left behind is removed at the next start.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from conformance.drivers.registry import DRIVERS
from conformance.errors import EngineMissing, TargetError, UsageError
from conformance.targets.model import Capabilities, Target, all_features
from conformance.targets.ports import LOOPBACK, free_ports
from conformance.targets.rabbitmqctl import RabbitMqControl
from conformance.targets.readiness import wait_ready

LABEL = "io.github.brokertck.owner"
STOP_TIMEOUT_S = 30
HTTP_NOT_FOUND, HTTP_CONFLICT = 404, 409
"""What the engine answers for a container that is gone, and for one that is being removed."""


class ContainerTarget(Target):
    """One container of a broker, its ports published on loopback."""

    def __init__(self, name: str, settings: Mapping[str, Any], version: str) -> None:
        self.name = name
        self.product = settings.get("product")
        self.protocols = tuple(settings["protocols"])
        by_rabbitmqctl = self.product == "RabbitMQ"
        controls = {"restart": True, "kill": True}
        controls.update(dict.fromkeys(("alarm", "vhosts", "users"), by_rabbitmqctl))
        declared = {**all_features(self.protocols), **controls, **settings.get("capabilities", {})}
        self.capabilities = Capabilities(declared)
        container = settings["container"]
        self.images = [image.format(version=version) for image in container["images"]]
        self.version = version if self.product else None
        self._ports = {protocol: int(container[f"{protocol}_port"]) for protocol in self.protocols}
        self._settings: dict[str, str] = dict(settings.get("settings", {}))
        self._environment: dict[str, str] = dict(container.get("environment", {}))
        prefix = container.get("setting_prefix", "")
        for name, value in self._settings.items():
            self._environment[prefix + name.upper().replace(".", "_")] = value
        self._image = ""
        self._container: Any = None

    # -- life -------------------------------------------------------------------------------

    def check(self) -> None:
        self._image = _choose_image(self.name, connect_engine(self.name), self.images)

    def start(self) -> None:
        docker = connect_engine(self.name)
        sweep(docker)
        self._image = _choose_image(self.name, docker, self.images)
        from testcontainers.core.container import DockerContainer

        ports = dict(zip(self.protocols, free_ports(len(self.protocols)), strict=True))
        container = DockerContainer(self._image)
        for protocol, port in ports.items():
            inside = f"{self._ports[protocol]}/tcp"
            container.ports[inside] = (LOOPBACK, port)  # type: ignore[assignment]
        addresses = {protocol: f"{LOOPBACK}:{port}" for protocol, port in ports.items()}
        for name, value in self._environment.items():
            container.with_env(name, value.format(**addresses))
        container.with_kwargs(labels={LABEL: owner(os.getpid())})
        self._container = container
        try:
            container.start()
        except Exception as error:  # the engine's client raises many unrelated classes
            self.stop()
            raise TargetError(f"target {self.name}: cannot start {self._image}: {error}") from error
        self.endpoints = {
            protocol: DRIVERS[protocol].parse_url(f"{protocol}://{address}")
            for protocol, address in addresses.items()
        }
        self._wait_ready()

    def _wait_ready(self) -> None:
        wait_ready(self.name, self.endpoints, self._is_running, self._last_words)

    def _is_running(self) -> bool:
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return bool(wrapped.status == "running")

    def _last_words(self) -> str:
        log: bytes = self._container.get_wrapped_container().logs(tail=3)
        return " / ".join(log.decode(errors="replace").strip().splitlines()) or "no output"

    def stop(self) -> None:
        container, self._container = self._container, None
        if container is not None and container.get_wrapped_container() is not None:
            container.get_wrapped_container().remove(force=True, v=True)

    # -- description and control ------------------------------------------------------------

    def describe(self) -> Mapping[str, Any]:
        settings = "".join(f"{name}={value}\n" for name, value in self._settings.items())
        described = {"kind": "container", "image": self._image}
        return {**described, "configuration": settings} if settings else described

    @property
    def pid(self) -> int:
        """The first process of the container as this machine sees it; for measurements."""
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return int(wrapped.attrs["State"]["Pid"])

    def _control(self) -> RabbitMqControl:
        identifier = self._container.get_wrapped_container().id
        return RabbitMqControl(self.name, ["docker", "exec", identifier, "rabbitmqctl", "-q"])

    def restart(self, *, kill: bool = False) -> None:
        wrapped = self._container.get_wrapped_container()
        complaint = ""
        if kill:
            wrapped.kill()
        elif self.product == "RabbitMQ":
            complaint = self._stop_node()
        else:
            wrapped.stop(timeout=STOP_TIMEOUT_S)
        self._wait_ended(complaint)
        wrapped.start()
        self._wait_ready()

    def _stop_node(self) -> str:
        """Ask the node itself, as the first process does not pass SIGTERM on; return what went
        wrong. The end of the container may take rabbitmqctl along before it has reported success,
        so that only a container that goes on tells of a failure."""
        try:
            self._control().run("stop")
        except TargetError as error:
            return str(error)
        return ""

    def _wait_ended(self, complaint: str) -> None:
        from requests.exceptions import RequestException

        try:
            self._container.get_wrapped_container().wait(timeout=STOP_TIMEOUT_S)
        except RequestException as error:
            said = complaint or f"target {self.name}: the container does not end"
            raise TargetError(f"{said}; it still runs after {STOP_TIMEOUT_S} s") from error

    def set_alarm(self, active: bool) -> None:
        self._control().set_alarm(active)

    def create_vhost(self, name: str) -> None:
        self._control().create_vhost(name, self.amqp.username)

    def create_user(self, name: str, password: str, configure: str, write: str, read: str) -> None:
        vhost = self.amqp.virtual_host
        self._control().create_user(vhost, name, password, configure, write, read)


def connect_engine(name: str) -> Any:
    """Return a client of the container engine. Raises EngineMissing."""
    # The kit removes its containers itself, and its reaper image cannot be had everywhere.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", LOOPBACK)
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        where = os.environ.get("DOCKER_HOST", "the default socket")
        raise EngineMissing(
            f"target {name} needs a container engine, and none answers at {where}; start Docker, "
            "or use a process: target or the address of a broker that runs"
        ) from error
    return client


def owner(pid: int) -> str:
    """The label's value for the containers of a process."""
    return f"{socket.gethostname()}:{pid}"


def sweep(docker: Any) -> int:
    """Remove containers whose owner was a process of this host and is gone; return how many.

    An engine may serve several hosts, and a process of another one cannot be seen from here. Two
    workers that start together sweep together: what one removes is gone for the other.
    """
    from docker.errors import APIError

    removed = 0
    everything = docker.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
    for container in everything:
        host, _, pid = container.labels.get(LABEL, "").rpartition(":")
        if host == socket.gethostname() and pid.isdigit() and not _process_exists(int(pid)):
            try:
                container.remove(force=True, v=True)
            except APIError as error:
                if error.status_code not in (HTTP_NOT_FOUND, HTTP_CONFLICT):
                    raise TargetError(
                        f"cannot remove the container {container.id} that an earlier run left "
                        f"behind: {error}; remove it by hand"
                    ) from error
            else:
                removed += 1
    return removed


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _choose_image(name: str, docker: Any, images: list[str]) -> str:
    """Return the first image that is here; otherwise pull the first that can be had."""
    from docker.errors import APIError, ImageNotFound

    for image in images:
        try:
            docker.images.get(image)
            return image
        except ImageNotFound:
            continue
        except APIError as error:
            if error.is_client_error():
                raise UsageError(
                    f"target {name}: {image!r} is no name of an image; check the version"
                ) from error
            raise TargetError(f"target {name}: the container engine fails: {error}") from error
    for image in images:
        try:
            docker.images.pull(image)
            return image
        except (ImageNotFound, APIError):
            continue
    raise UsageError(
        f"target {name}: none of the images {', '.join(images)} is here or can be pulled; build "
        "one with fixtures/containers/build, or check the registry"
    )
