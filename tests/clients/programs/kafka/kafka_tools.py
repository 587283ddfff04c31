"""Kafka's own command line tools, one after the other, as an administrator uses them."""

import re
import subprocess
import sys
import time
import uuid

RUN = uuid.uuid4().hex[:8]
BOOTSTRAP, CLASS_PATH = sys.argv[1:3]
TOPIC = f"tools-{RUN}"
LIMIT_S = 60
NOISE = re.compile(r"^(SLF4J|WARNING|OpenJDK|.*StatusLogger|.*ERROR StatusLogger).*$")


def tool(name, *arguments, given=""):
    """Run a tool and return its output, with random names hidden, lines in their order."""
    ended = subprocess.run(
        ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", CLASS_PATH, name, *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    text = (ended.stdout + ended.stderr).replace(RUN, "RUN").replace(BOOTSTRAP, "BOOTSTRAP")
    text = re.sub(r"TopicId: \S+", "TopicId: ID", text)
    text = re.sub(r"\[\d{4}-\d\d-\d\d [\d:,]+\]", "[time]", text)
    text = re.sub(r"\([\w.]+\)$", "", text, flags=re.MULTILINE)
    lines = [line.rstrip() for line in text.splitlines() if not NOISE.match(line)]
    return [line for line in lines if line and not line.lstrip().startswith("at ")]


def show(title, lines):
    print(f"# {title}")
    for line in lines:
        print("  ", re.sub(r"\s+", " ", line))


def topics(*arguments):
    return tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", BOOTSTRAP, *arguments)


def groups(*arguments):
    name = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
    return tool(name, "--bootstrap-server", BOOTSTRAP, *arguments)


def wait_for_topic():
    limit_s = time.monotonic() + LIMIT_S
    while time.monotonic() < limit_s:
        if any("tools-RUN" in line for line in topics("--list")):
            return


show("create", topics("--create", "--topic", TOPIC, "--partitions", "2"))
wait_for_topic()
show("create again", topics("--create", "--topic", TOPIC)[:1])
show("describe", topics("--describe", "--topic", TOPIC))
show(
    "produce",
    tool(
        "org.apache.kafka.tools.ConsoleProducer",
        *("--bootstrap-server", BOOTSTRAP, "--topic", TOPIC),
        *("--property", "parse.key=true", "--property", "key.separator=:"),
        given="a:one\na:two\na:three\n",
    ),
)
show(
    "consume",
    tool(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        *("--bootstrap-server", BOOTSTRAP, "--topic", TOPIC, "--from-beginning"),
        *("--max-messages", "3", "--group", f"shell-{RUN}", "--property", "print.key=true"),
        *("--timeout-ms", "30000"),
    ),
)
group = f"shell-{RUN}"
show("groups", [line for line in groups("--list") if "RUN" in line])
described = groups("--describe", "--group", group)
show("group", sorted(line for line in described if "tools-RUN" in line))
show(
    "state",
    [
        line.replace("1 (rack: null)", "1")
        for line in groups("--describe", "--group", group, "--state")
        if "shell" in line
    ],
)
show(
    "reset",
    sorted(
        line
        for line in groups(
            *("--reset-offsets", "--group", group, "--topic", TOPIC, "--to-earliest", "--execute")
        )
        if "RUN" in line
    ),
)
show(
    "offsets",
    tool(
        "org.apache.kafka.tools.GetOffsetShell",
        *("--bootstrap-server", BOOTSTRAP, "--topic", TOPIC),
    ),
)
configs = ("kafka.admin.ConfigCommand", "--bootstrap-server", BOOTSTRAP, "--topic", TOPIC)
show("alter", tool(*configs, "--alter", "--add-config", "retention.ms=1000000"))
show("refused", tool(*configs, "--alter", "--add-config", "retention.ms=soon")[:1])
show("configs", tool(*configs, "--describe"))
show("delete group", groups("--delete", "--group", group))
show("delete", topics("--delete", "--topic", TOPIC))
