"""A short Markdown summary of a results file, for pull requests and job pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write(content: Mapping[str, Any], path: Path) -> None:
    """Write the counts by topic and every unexpected result."""
    path.write_text(render(content), encoding="utf-8")


def render(content: Mapping[str, Any]) -> str:
    """Return the summary as Markdown."""
    target, run = content["target"], content["run"]
    broker = f"{target.get('product', '?')} {target.get('version', '')}".strip()
    topics: dict[str, Counter[str]] = {}
    for requirement in content["requirements"].values():
        name = f"{requirement['protocol']} {requirement['topic']}"
        topics.setdefault(name, Counter())[requirement["verdict"]] += 1
    used = sorted({verdict for counter in topics.values() for verdict in counter})
    lines = [
        f"## {run['target']}: {broker}",
        "",
        f"profile {run['profile']}, seed {run['seed']}, {run['duration_s']} s, "
        f"{content['summary']['unexpected']} unexpected",
        "",
        "| topic | " + " | ".join(used) + " |",
        "|---" * (len(used) + 1) + "|",
    ]
    for topic, counter in topics.items():
        cells = [str(counter[verdict] or "") for verdict in used]
        lines.append(f"| {topic} | " + " | ".join(cells) + " |")
    unexpected = [
        (identifier, requirement)
        for identifier, requirement in content["requirements"].items()
        if not requirement["expected"]
    ]
    if unexpected:
        lines += ["", "### Unexpected", ""]
    for identifier, requirement in unexpected:
        reason = _one_line(_reason(requirement))
        lines.append(f"- **{requirement['verdict']}** `{identifier}`: {reason}")
    return "\n".join([*lines, ""])


def _reason(requirement: Mapping[str, Any]) -> str:
    if requirement["verdict"] == "passed":
        return f"stale deviation: {requirement['deviation']['reason']}"
    reasons = [test.get("reason", "") for test in requirement["tests"]]
    return next((text for text in reasons if text), "no test ran")


def _one_line(text: str) -> str:
    """The text as plain words of a Markdown list, where it could mean markup or a new line."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return re.sub(r"([\\`*_|<>\[\]&])", r"\\\1", words)
