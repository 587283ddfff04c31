"""What a test of Kafka holds in its hands: connections, fresh topics, and a clean end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka.protocol.admin import CreateTopicsRequest, DeleteTopicsRequest
from kafka.protocol.api_message import ApiMessage
from kafka.protocol.metadata import MetadataRequest

from conformance.drivers.kafka.endpoint import KafkaEndpoint
from conformance.drivers.kafka.messages import new_decoder, newest
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.raw import RawKafka
from conformance.drivers.kafka.readiness import CREATE_TOPICS, Ranges, api_versions
from conformance.drivers.tester import Tester
from conformance.drivers.transcript import Line, Transcript
from conformance.drivers.waiting import ANSWER_WITHIN_S
from conformance.errors import BrokenPromise, Mismatch, Overdue
from conformance.requirements.model import Outcome
from conformance.targets.model import Target

METADATA = 3
DELETE_TOPICS = 20

NO_ID = "00000000-0000-0000-0000-000000000000"

POLL_S = 0.01
"""Pause between two looks at what a broker does in the background."""

POOL = 8
"""Partitions of the topics that `fresh` gives away one by one."""

NONE, UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE = 0, 3, 5


class KafkaTester(Tester):
    """One for each test. `prefix` makes its names unique on a shared broker.

    Topics that were created or named through it are deleted at the end.
    """

    def __init__(
        self,
        target: Target,
        prefix: str,
        outcomes: tuple[Outcome, ...] = (),
        deadline_s: float = float("inf"),
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self.target = target
        self.endpoint: KafkaEndpoint = target.kafka
        self.outcomes = outcomes
        """How the tested operation may end on this version (`outcomes` of the requirement)."""
        self.transcript = Transcript(new_decoder)
        self.examples = 0
        self.answer_within_s = answer_within_s
        self._prefix = prefix
        self._deadline_s = deadline_s
        self._main: RawKafka | None = None
        self._connections: list[RawKafka] = []
        self._count = 0
        self._topics: list[str] = []
        self._pool: list[Partition] = []
        self._served: Ranges | None = None

    def __repr__(self) -> str:
        return f"<client of {self.target.name}>"

    # -- connections ------------------------------------------------------------------------

    def raw(self) -> RawKafka:
        """Open a connection of its own; nothing is sent yet."""
        self._count += 1
        raw = RawKafka(self.endpoint, self.transcript, self._count, self.answer_within_s)
        raw.deadline_s = self._deadline_s
        self._connections.append(raw)
        return raw

    @property
    def main(self) -> RawKafka:
        """The test's main connection, opened when it is first used and again when it is lost."""
        if self._main is None or self._main.closed:
            self._main = self.raw()
        return self._main

    @property
    def served(self) -> Ranges:
        """Least and largest version of every API that the broker serves."""
        if self._served is None:
            self._served = api_versions(self.main)
        return self._served

    def versions(self, api_key: int, least: int = 0) -> list[int]:
        """Versions from `least` on that both the broker and the kit's codec have."""
        first, last = self.served.get(api_key, (0, -1))
        return list(range(max(first, least), min(last, newest(api_key)) + 1))

    def best(self, api_key: int, most: int = 1 << 15) -> int:
        """The newest version, up to `most`, that both have. Raises Mismatch."""
        fitting = [version for version in self.versions(api_key) if version <= most]
        if not fitting:
            served = self.served.get(api_key)
            raise Mismatch(f"API {api_key} in a version up to {most}", f"versions {served}")
        return fitting[-1]

    def call(self, request: ApiMessage, version: int | None = None) -> Any:
        """Send a request on the main connection, in the newest version unless told."""
        chosen = self.best(request.API_KEY) if version is None else version
        try:
            return self.main.call(request, chosen)
        except BrokenPromise:
            # What is owed may still come, and would be taken for the answer to something else.
            self._main = None
            raise

    # -- names and topics -------------------------------------------------------------------

    def name(self, label: str = "t") -> str:
        """A name that nobody else uses."""
        self._count += 1
        return f"{self._prefix}{label}{self._count}"

    def topic_name(self, ending: str = "") -> str:
        """A name for a topic, which is deleted at the end if it exists."""
        name = self.name() + ending
        self._topics.append(name)
        return name

    def metadata(
        self,
        topics: Sequence[str] | None,
        *,
        create: bool = False,
        version: int | None = None,
    ) -> Any:
        """Ask for topics by name; None asks for all."""
        wanted = None
        if topics is not None:
            entry = MetadataRequest.MetadataRequestTopic
            wanted = [entry(topic_id=NO_ID, name=name) for name in topics]
        request = MetadataRequest(topics=wanted, allow_auto_topic_creation=create)
        return self.call(request, version)

    def topic(self, partitions: int = 1, /, **settings: str) -> list[Partition]:
        """Create a topic and return its partitions, when all of them can be used.

        Settings are named with "_" for ".". A broker that does not let clients create topics is
        asked to create one by itself.
        """
        name = self.topic_name()
        if CREATE_TOPICS in self.served:
            self._create(name, partitions, settings)
        elif partitions > 1 or settings:
            raise Mismatch("CreateTopics among the APIs", "a broker without it")
        else:
            self.metadata([name], create=True)
        return self.when_usable(name)

    def _create(self, name: str, partitions: int, settings: Mapping[str, str]) -> None:
        wanted = CreateTopicsRequest.CreatableTopic(
            name=name,
            num_partitions=partitions,
            replication_factor=1,
            assignments=[],
            configs=[
                CreateTopicsRequest.CreatableTopic.CreatableTopicConfig(
                    name=setting.replace("_", "."), value=value
                )
                for setting, value in settings.items()
            ],
        )
        within_ms = int(self.answer_within_s * 1000)
        response = self.call(CreateTopicsRequest(topics=[wanted], timeout_ms=within_ms))
        (created,) = response.topics
        if created.error_code != NONE:
            why = f"error {created.error_code} {created.error_message or ''}"
            raise Mismatch(f"topic {name} created", why.strip())

    def when_usable(self, name: str) -> list[Partition]:
        """Wait until a topic that is being created has leaders that answer; return its partitions.

        CreateTopics is answered before the metadata shows the topic, up to 0.3 s later.
        """
        described = self._poll(lambda: self._described(name), f"topic {name} with its leaders")
        partitions = [
            Partition(self, name, str(described.topic_id), one.partition_index)
            for one in sorted(described.partitions, key=lambda one: one.partition_index)
        ]
        for partition in partitions:
            self._poll(partition.answers, f"{partition} to be led")
        return partitions

    def _described(self, name: str) -> Any:
        (topic,) = self.metadata([name]).topics
        led = topic.partitions and all(
            one.error_code == NONE and one.leader_id >= 0 for one in topic.partitions
        )
        return topic if topic.error_code == NONE and led else None

    def _poll(self, look: Callable[[], Any], what: str) -> Any:
        """Look until there is something; the end of the time is a broken promise."""
        until_s = min(time.monotonic() + self.answer_within_s, self._deadline_s)
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > until_s:
                raise Overdue(f"{what} within {self.answer_within_s:g} s", "it never happened")
            time.sleep(POLL_S)

    def fresh(self) -> Partition:
        """An empty partition with ordinary settings; what nobody else writes to."""
        if not self._pool:
            whole = POOL if CREATE_TOPICS in self.served else 1
            self._pool = self.topic(whole)
        return self._pool.pop(0)

    # -- life -------------------------------------------------------------------------------

    def begin_example(self) -> None:
        """Begin the next example of a property: only its traffic belongs to the transcript.

        The main connection is kept, unless the broker owes it an answer.
        """
        self.examples += 1
        for raw in self._connections:
            raw.close()
        self._connections.clear()
        self._main = None
        self.transcript.clear()

    def restart(self, *, kill: bool = False) -> None:
        """Restart the broker, with a clean stop or by SIGKILL; open connections are lost."""
        self.begin_example()
        self.target.restart(kill=kill)

    def close(self) -> None:
        """Delete what the test created and close everything, also after its time is over."""
        self._deadline_s = float("inf")
        try:
            self._delete_topics()
        except BrokenPromise:
            pass  # it must not change a verdict; a broker that cannot do it shows elsewhere
        for raw in self._connections:
            raw.close()

    def _delete_topics(self) -> None:
        if not self._topics:
            return
        self._main = None
        if DELETE_TOPICS in self.served:
            request = DeleteTopicsRequest(topic_names=self._topics, timeout_ms=1000)
            self.call(request, self.best(DELETE_TOPICS, 5))

    # -- evidence ---------------------------------------------------------------------------

    def is_operation(self, line: Line) -> bool:
        """Whether a request is something that the test did, rather than how a client begins."""
        return " ApiVersions v0" not in line.text
