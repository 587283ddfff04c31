"""What no tracked file may contain: traces of the machine that it was written on."""

from __future__ import annotations

import re

from tests.repo.sources import text_of, tracked

FOLDERS = ("work", "home", "root", "tmp", "Users")
MACHINE_PATH = re.compile(r"(?<![\w.*}-])/(?:" + "|".join(FOLDERS) + r")(?:/|\b)")
"""An absolute path below a folder that is another one elsewhere."""

REGISTRY_WORDS = (
    "index" + "-url",
    "INDEX" + "_URL",
    "trusted" + "-host",
    "GO" + "PROXY",
    "python" + "hosted",
    "arti" + "factory",
    "npm" + "js",
    "/sim" + "ple/",
)
REGISTRY = re.compile("|".join(map(re.escape, REGISTRY_WORDS)), re.IGNORECASE)
"""Where packages come from is the business of the machine that installs them."""


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path in tracked()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_paths_of_a_machine() -> None:
    assert _lines_with(MACHINE_PATH) == []


def test_no_package_registries() -> None:
    assert _lines_with(REGISTRY) == []


def test_patterns_find_what_they_are_for() -> None:
    for folder in FOLDERS:
        assert MACHINE_PATH.search(f'data = "/{folder}/x"')
        assert MACHINE_PATH.search(f"cd /{folder}")
        assert not MACHINE_PATH.search(f"https://example.org/{folder}/x")
        assert not MACHINE_PATH.search(f"out/{folder}/x")
    assert REGISTRY.search("pip install --" + "index" + "-url https://example.org")
    assert not REGISTRY.search("pip install brokertck")
