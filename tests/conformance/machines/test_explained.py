"""The list of known differences: what it covers, and what is wrong with an entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.machines.explained import load_explained
from conformance.machines.operation import Operation
from conformance.machines.pair import Difference
from conformance.targets.model import Identity

ENTRY = {
    "machine": "topology",
    "operation": "get",
    "what": "queue q.",
    "versions": ">=4.3",
    "observed": "^\\\\[1,",
    "others": "^\\\\[0,",
    "reason": "it is so",
    "link": "https://example.org/why",
}
OLD, NEW = Identity("RabbitMQ", "4.0.5"), Identity("RabbitMQ", "4.3.6")


def written(folder: Path, **changes: str) -> Path:
    path = folder / f"differences-{len(list(folder.iterdir()))}.toml"
    entry = {key: value for key, value in {**ENTRY, **changes}.items() if value}
    lines = [f'{key} = "{value}"' for key, value in entry.items()]
    path.write_text("\n".join(["[[difference]]", *lines]), encoding="utf-8")
    return folder


def test_the_shipped_list_can_be_read() -> None:
    load_explained()


def test_an_entry_covers_its_difference_on_either_side(tmp_path: Path) -> None:
    (explained,) = load_explained(written(tmp_path))
    get = Operation("get", {})
    found = Difference(get, "queue q1", [0, 2], [1, 2])
    assert explained.covers(found, OLD, NEW)
    assert explained.covers(Difference(get, "queue q1", [1, 2], [0, 2]), NEW, OLD)
    assert not explained.covers(found, NEW, OLD)
    assert not explained.covers(found, OLD, OLD)
    assert not explained.covers(Difference(get, "answer", [0, 2], [1, 2]), OLD, NEW)
    assert not explained.covers(Difference(get, "queue q1", [3, 2], [1, 2]), OLD, NEW)
    other = Difference(Operation("purge", {}), "queue q1", [0, 2], [1, 2])
    assert not explained.covers(other, OLD, NEW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"reason": ""}, "get: 'reason' is missing or no text"),
        ({"link": "the wiki"}, "get: the link 'the wiki' is no web address"),
        ({"versions": "new"}, "get: 'new' is not a version range"),
        ({"observed": "("}, "get: missing ), unterminated subpattern"),
        ({"because": "so"}, "get: unknown key 'because'; known are machine, operation"),
    ],
)
def test_an_entry_that_is_wrong(tmp_path: Path, changes: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_explained(written(tmp_path, **changes))
    assert why in str(caught.value)
