"""Celery with everything that celery_app.py turns off: events, gossip, mingle, heartbeats and
remote control of a worker that runs with the defaults, from the ping to the shutdown.

Run with an address it is the client and starts the worker; the worker imports it as an application.
"""

import os
import subprocess
import sys
import uuid
from pathlib import Path

from celery import Celery
from celery.exceptions import TaskRevokedError

PROGRAM = "celery_control"
RUN = os.environ.setdefault("PROGRAM_RUN", uuid.uuid4().hex[:8])
URL = os.environ.setdefault("PROGRAM_URL", sys.argv[1] if len(sys.argv) == 2 else "")
WORKER = f"worker-{RUN}@localhost"

app = Celery(PROGRAM, broker=URL, backend="rpc://", set_as_current=False)
app.conf.update(
    task_default_queue=f"control-{RUN}",
    control_exchange=f"pidbox-{RUN}",
    control_queue_exclusive=True,
    event_exchange=f"events-{RUN}",
    event_queue_exclusive=True,
    worker_send_task_events=True,
    task_send_sent_event=True,
    task_queue_max_priority=3,
    broker_connection_retry_on_startup=True,
)


@app.task(name=f"{PROGRAM}.double")
def double(x):
    return 2 * x


def start_worker():
    command = [sys.executable, "-m", "celery", "-A", PROGRAM, "worker", "--pool", "solo"]
    command += ["--loglevel", "CRITICAL", "--hostname", WORKER]
    folder = Path(__file__).resolve().parent
    environment = {**os.environ, "C_FORCE_ROOT": "1", "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)


def main():
    worker = start_worker()
    try:
        print("first", double.delay(1).get(timeout=30, interval=0.01))
        expected = {"task-sent", "task-received", "task-started", "task-succeeded"}
        with app.connection_for_read() as connection:
            seen = set()
            receiver = app.events.Receiver(
                connection, handlers={"*": lambda event: seen.add(event["type"])}
            )
            with receiver.consumer_context() as (events, _, _):
                results = [double.apply_async((x,), priority=x % 4) for x in range(5)]
                while not expected <= seen:
                    events.drain_events(timeout=10)
            print("seen", sorted(expected))
        print([result.get(timeout=30, interval=0.01) for result in results])
        print("ping", app.control.ping([WORKER], timeout=5, limit=1) == [{WORKER: {"ok": "pong"}}])
        (names,) = app.control.inspect([WORKER], timeout=5, limit=1).registered().values()
        print("registered", [name for name in names if name.startswith(PROGRAM)])
        (queues,) = app.control.inspect([WORKER], timeout=5, limit=1).active_queues().values()
        print("queues", [queue["name"].replace(RUN, "RUN") for queue in queues])
        later = double.apply_async((1,), countdown=3)
        later.revoke()
        try:
            later.get(timeout=30, interval=0.01)
        except TaskRevokedError as error:
            print("revoked:", error)
        app.control.shutdown([WORKER])
        print("worker ended with", worker.wait(30))
    finally:
        worker.kill()
        worker.wait()
    with app.connection_for_write() as connection:
        channel = connection.channel()
        print("left", channel.queue_delete(f"control-{RUN}"))
        for name in (f"control-{RUN}", f"pidbox-{RUN}", f"reply.pidbox-{RUN}", f"events-{RUN}"):
            channel.exchange_delete(name)


if __name__ == "__main__":
    main()
