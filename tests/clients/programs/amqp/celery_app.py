"""Celery: a worker as a process of its own, tasks with results over rpc://, a task that retries, a
chain, a group, a task that fails, a countdown, late acknowledgement and a second queue.

Run with an address it is the client and starts the worker; the worker imports it as an application.
"""

import os
import subprocess
import sys
import uuid
from pathlib import Path

from celery import Celery, chain, group
from kombu import Exchange, Queue

PROGRAM = "celery_app"
RUN = os.environ.setdefault("PROGRAM_RUN", uuid.uuid4().hex[:8])
URL = os.environ.setdefault("PROGRAM_URL", sys.argv[1] if len(sys.argv) == 2 else "")

app = Celery(PROGRAM, broker=URL, backend="rpc://", set_as_current=False)
exchange = Exchange(f"celery-{RUN}", durable=True)
app.conf.update(
    task_default_queue=f"default-{RUN}",
    task_queues=[
        Queue(f"default-{RUN}", exchange, routing_key="default", durable=True),
        Queue(f"slow-{RUN}", exchange, routing_key="slow", durable=True),
    ],
    task_default_exchange=exchange.name,
    task_default_routing_key="default",
    task_routes={f"{PROGRAM}.slow": {"queue": f"slow-{RUN}", "routing_key": "slow"}},
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    result_expires=60,
    task_track_started=False,
)


@app.task(name=f"{PROGRAM}.add")
def add(x, y):
    return x + y


@app.task(name=f"{PROGRAM}.flaky", bind=True, max_retries=3)
def flaky(self, succeed_at):
    if self.request.retries < succeed_at:
        raise self.retry(countdown=0.1, exc=RuntimeError("not yet"))
    return f"succeeded after {self.request.retries} retries"


@app.task(name=f"{PROGRAM}.fail")
def fail(text):
    raise ValueError(text)


@app.task(name=f"{PROGRAM}.slow", bind=True)
def slow(self):
    return self.request.delivery_info["routing_key"].replace(RUN, "RUN")


def start_worker():
    command = [sys.executable, "-m", "celery", "-A", PROGRAM, "worker", "--pool", "solo"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command += ["--loglevel", "WARNING", "--hostname", f"worker-{RUN}@localhost"]
    folder = Path(__file__).resolve().parent
    environment = {**os.environ, "C_FORCE_ROOT": "1", "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)


def delete_queues():
    with app.connection_for_write() as connection:
        channel = connection.channel()
        for queue in app.conf.task_queues:
            print("left", queue.routing_key, queue(channel).delete())
        exchange(channel).delete()


def main():
    worker = start_worker()
    wait = {"timeout": 30, "interval": 0.01}
    try:
        print("add", add.delay(2, 3).get(**wait))
        print("keywords", add.apply_async(kwargs={"x": "a", "y": "b"}, countdown=0.2).get(**wait))
        print("retry", flaky.delay(2).get(**wait))
        try:
            flaky.delay(9).get(**wait)
        except RuntimeError as error:
            print("gave up:", error)
        print("chain", chain(add.s(1, 2), add.s(3), add.s(4)).apply_async().get(**wait))
        print("group", group(add.s(number, 1) for number in range(4))().get(**wait))
        print("second queue", slow.delay().get(**wait))
        result = fail.delay("broken")
        try:
            result.get(**wait)
        except ValueError as error:
            print("failed:", error, result.state)
        print("ignored", add.apply_async((1, 1), ignore_result=True).id is not None)
        print("last", add.apply_async((10, 10), priority=5).get(**wait))
    finally:
        worker.terminate()
        print("worker ended with", worker.wait(30))
    delete_queues()


if __name__ == "__main__":
    main()
