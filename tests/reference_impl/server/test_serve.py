"""The broker as a process: its one line of output, its signals, its exit codes."""

from __future__ import annotations

import json
import os
import resource
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPConnectionError, ConnectionClosedByBroker

from reference_impl.server.serve import EXIT_FAILURE, EXIT_OK, EXIT_USAGE, main
from tests.reference_impl.server.clients import PATIENCE_S, channel_to, listening
from tests.reference_impl.storage.test_durable import file_of

ROOT = Path(__file__).parents[3]


class Served:
    """A running `python -m reference_impl`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.ready: dict[str, Any] = json.loads(self._line())
        self.url: str = self.ready["amqp"]

    def _line(self) -> str:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(PATIENCE_S), "no line of output"
        return self.process.stdout.readline()

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal; return the exit code and the rest of both outputs."""
        self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, errors


@contextmanager
def served(*arguments: object) -> Iterator[Served]:
    """Run the program, and leave nothing of it behind."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "reference_impl", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Served(process)
        finally:
            if process.poll() is None:
                process.kill()


def publish(url: str, body: bytes) -> None:
    with channel_to(url) as channel:
        channel.queue_declare("q", durable=True)
        channel.confirm_delivery()
        channel.basic_publish("", "q", body, pika.BasicProperties(delivery_mode=2))


def bodies(url: str) -> list[bytes]:
    found = []
    with channel_to(url) as channel:
        while (body := channel.basic_get("q", auto_ack=True)[2]) is not None:
            found.append(body)
    return found


# -- running ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_ready_line_and_a_clean_end(tmp_path: Path) -> None:
    with served("--data", tmp_path) as broker:
        assert set(broker.ready) == {"amqp", "kafka", "kafka_version", "pid", "rabbitmq"}
        assert broker.ready["pid"] == broker.process.pid
        assert broker.ready["rabbitmq"] == "4.3"
        publish(broker.url, b"1")
        connection = pika.BlockingConnection(pika.URLParameters(broker.url))
        assert broker.end(signal.SIGTERM) == (EXIT_OK, "", "")
        with pytest.raises(ConnectionClosedByBroker, match="320"):
            connection.process_data_events(PATIENCE_S)
    with served("--data", tmp_path, "--fsync") as broker:
        assert bodies(broker.url) == [b"1"]
        assert broker.end(signal.SIGINT) == (EXIT_OK, "", "")


@pytest.mark.slow
def test_torn_tail_is_reported_and_cut(tmp_path: Path) -> None:
    with served("--data", tmp_path) as broker:
        publish(broker.url, b"1")
        broker.end(signal.SIGKILL)
    with (tmp_path / "journal").open("ab") as journal:
        journal.write(b"\0\0\0\x30torn")
    with served("--data", tmp_path) as broker:
        assert bodies(broker.url) == [b"1"]
        code, _, errors = broker.end(signal.SIGTERM)
    assert code == EXIT_OK
    assert errors == (
        "the journal ended in an incomplete record of 8 octets, which was cut off; it had been "
        "confirmed to nobody\n"
    )


@pytest.mark.slow
def test_users_virtual_hosts_version_and_port(tmp_path: Path) -> None:
    with listening() as taken:
        pass
    options = ("--user", "us:pass:word", "--user", "other:", "--vhost", "v", "--vhost", "w")
    with served(*options, "--rabbitmq", "3.10", "--amqp", f"127.0.0.1:{taken}") as broker:
        assert broker.url == f"amqp://guest:guest@127.0.0.1:{taken}/%2F"
        for user in ("us:pass%3Aword", "other:", "guest:guest"):
            for vhost in ("%2F", "v", "w"):
                url = f"amqp://{user}@127.0.0.1:{taken}/{vhost}"
                with channel_to(url) as channel:
                    properties = channel.connection._impl.server_properties
                    assert properties["version"] == "3.10.8"
        with (
            pytest.raises(AMQPConnectionError),
            channel_to(f"amqp://us:wrong@127.0.0.1:{taken}/v"),
        ):
            pass
        assert broker.end(signal.SIGTERM)[0] == EXIT_OK


@pytest.mark.slow
def test_storage_that_fails_ends_the_program(tmp_path: Path) -> None:
    with served("--data", tmp_path) as broker:
        publish(broker.url, b"1")
        size = (tmp_path / "journal").stat().st_size
        _limit_file_size(broker.process.pid, size + 10)
        with pytest.raises(AMQPConnectionError):
            publish(broker.url, b"lost" * 100)
        _, errors = broker.process.communicate(timeout=PATIENCE_S)
        assert broker.process.returncode == EXIT_FAILURE
        assert errors.startswith(f"cannot write to {tmp_path}/journal: File too large; what was")
        assert errors.count("\n") == 1
    with served("--data", tmp_path) as broker:
        assert bodies(broker.url) == [b"1"]


def _limit_file_size(pid: int, size: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, size))


# -- refusing to run --------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[object, str]:
    """Run the program in this process; return the exit code and what it says of the error."""
    code: object
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as ended:
        code = ended.code
    out, errors = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in errors
    return code, errors.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--amqp", "nonsense"), "error: 'nonsense' is not an address; write HOST:PORT"),
        (("--amqp", "127.0.0.1:99999"), "error: '127.0.0.1:99999' is not an address"),
        (("--amqp", "192.0.2.1:0"), "error: cannot listen on 192.0.2.1:0: "),
        (("--rabbitmq", "2.8"), "error: RabbitMQ '2.8' is not emulated; choose one of 3.10, "),
        (("--user", "nobody"), "error: --user 'nobody' is not of the form NAME:PASSWORD"),
        (("--user", ":password"), "error: --user ':password' is not of the form NAME:PASSWORD"),
        (("--nonsense",), "python -m reference_impl: error: unrecognized arguments: --nonsense"),
        (("--data",), "python -m reference_impl: error: argument --data: expected one argument"),
    ],
)
def test_unusable_arguments_are_2_and_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], text: str
) -> None:
    code, error = run(capsys, *arguments)
    assert code == EXIT_USAGE
    assert error.startswith(text)


def test_port_in_use_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as port:
        code, error = run(capsys, "--amqp", f"127.0.0.1:{port}")
    assert code == EXIT_USAGE
    assert error.startswith(f"error: port {port} on 127.0.0.1 is in use; stop what listens there")


def test_unusable_data_is_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run(capsys, "--data", tmp_path / "file") == (
        EXIT_FAILURE,
        f"error: cannot use {tmp_path}/file as data directory: File exists; choose a directory "
        "that this user may write to",
    )
    path = file_of(tmp_path / "damaged", b"first", b"second")
    path.write_bytes(path.read_bytes().replace(b"first", b"burst"))
    code, error = run(capsys, "--data", tmp_path / "damaged")
    assert code == EXIT_FAILURE
    assert error.startswith(
        f"error: {path} is damaged at octet 8, with valid records from octet 21"
    )


@pytest.mark.slow
def test_data_in_use_is_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with served("--data", tmp_path) as broker:
        code, error = run(capsys, "--data", tmp_path)
        assert (code, error) == (
            EXIT_FAILURE,
            f"error: {tmp_path} is in use by another broker; stop it or choose another directory",
        )
        broker.end(signal.SIGTERM)


@pytest.mark.slow
def test_errors_of_the_program_are_one_line_without_a_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reference_impl", "--rabbitmq", "0.1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (EXIT_USAGE, "")
    assert ended.stderr.count("\n") == 1


# -- the standard library is enough -----------------------------------------------------------

ALONE = """
import sys
sys.path.insert(0, ROOT)
if BLOCKED:
    sys.modules.update(dict.fromkeys(("uvloop", "google_crc32c", "cramjam")))
import reference_impl, socket
with reference_impl.ReferenceBroker() as broker:
    with socket.create_connection(broker.amqp_address) as client:
        client.sendall(b"AMQP\\0\\0\\x09\\x01")
        assert client.recv(4096)[11:] and True
origins = [getattr(m, "__file__", None) or "" for m in list(sys.modules.values())]
print([path for path in origins if "site-packages" in path or "dist-packages" in path])
print(sorted({name.partition(".")[0] for name in sys.modules if sys.modules[name]}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("blocked", [False, True])
def test_nothing_but_the_standard_library_is_imported(blocked: bool) -> None:
    """Isolated from the environment: with no site packages, or with the extras out of reach."""
    script = ALONE.replace("ROOT", repr(str(ROOT))).replace("BLOCKED", str(blocked))
    flags = ["-I"] if blocked else ["-I", "-S"]
    ended = subprocess.run(
        [sys.executable, *flags, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        cwd=os.sep,
    )
    assert ended.stderr == ""
    third_party, names = ended.stdout.splitlines()
    ours = {"reference_impl", "__main__", "__mp_main__"}
    imported = set(json.loads(names.replace("'", '"')))
    startup = _imported_at_startup(flags)
    assert imported - ours - set(sys.stdlib_module_names) - startup == set()
    if not blocked:
        assert json.loads(third_party.replace("'", '"')) == []


def _imported_at_startup(flags: list[str]) -> set[str]:
    """What an environment's .pth files import into every Python."""
    script = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, *flags, "-c", script]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
