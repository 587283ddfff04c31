"""index.html: targets x requirements on one page that needs no network and no server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from conformance import __version__
from conformance.errors import UsageError
from conformance.reporting.results import command_again, find_results, load_results

EVIDENCE = (
    "test",
    "verdict",
    "reason",
    "expected",
    "observed",
    "example",
    "examples",
    "octets",
    "traceback",
    "truncated",
)


def write(folder: Path, paths: Iterable[Path] | None = None) -> Path:
    """Write FOLDER/index.html from results files, by default all in and below FOLDER; return its
    path."""
    chosen = find_results(folder) if paths is None else paths
    found = [load_results(path) for path in chosen]
    if not found:
        raise UsageError(f"no results.json in {folder}; `brokertck run --out {folder}` writes one")
    page = folder / "index.html"
    page.write_text(render(found), encoding="utf-8")
    return page


def render(results: Iterable[Mapping[str, Any]]) -> str:
    """Return the page for several runs, one column each."""
    environment = Environment(
        loader=PackageLoader("conformance.reporting"), autoescape=True, trim_blocks=True
    )
    data = json.dumps(page_data(list(results)), separators=(",", ":"), ensure_ascii=False)
    # No half of a surrogate pair, at which browsers stumble; no "<", which could end the script
    # element that holds the data or open a comment in it.
    safe = data.encode(errors="replace").decode().replace("<", "\\u003c")
    return environment.get_template("matrix.html.j2").render(data=safe, version=__version__)


def page_data(results: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Turn runs into columns and rows: what the page's script reads.

    Columns are ordered by product and version, so that what should be alike stands side by side.
    """
    rows: dict[str, dict[str, Any]] = {}
    columns: list[dict[str, Any]] = []
    for number, content in enumerate(sorted(results, key=_order)):
        target, run = content["target"], content["run"]
        same = sum(column["target"] == run["target"] for column in columns)
        columns.append(
            {
                "key": f"{run['target']} ({same + 1})" if same else run["target"],
                "target": run["target"],
                "name": _name(target, run["target"]),
                "profile": run["profile"],
                "seed": run["seed"],
                "started": run["started"],
                "duration": run["duration_s"],
                "complete": run["complete"],
                "stopped": run.get("stopped_early", ""),
                "summary": content["summary"],
                "problems": content["problems"],
            }
        )
        for identifier, requirement in content["requirements"].items():
            row = rows.setdefault(
                identifier,
                {
                    "id": identifier,
                    **{
                        key: requirement[key]
                        for key in (
                            "protocol",
                            "topic",
                            "level",
                            "statement",
                            "sources",
                            "chapter",
                        )
                    },
                    "cells": {},
                },
            )
            again = command_again(run, identifier)
            row["cells"][number] = {**_cell(requirement), "again": again}
    ordered = sorted(rows.values(), key=lambda row: (row["protocol"], row["topic"], row["id"]))
    return {"columns": columns, "rows": ordered}


def _name(target: Mapping[str, Any], fallback: str) -> str:
    """What the column is called: "RabbitMQ 4.0.5", or "Reference as 4.0.5" of an emulation."""
    product, version = target.get("product", ""), target.get("version", "")
    if "emulates" in target.get("description", {}):
        product = "Reference as"
    return f"{product} {version}".strip() or fallback


def _order(content: Mapping[str, Any]) -> tuple[str, list[int], str]:
    """Product, version by its numbers, target."""
    version = re.findall(r"\d+", content["target"].get("version", ""))
    return content["target"].get("product", ""), list(map(int, version)), content["run"]["target"]


def _cell(requirement: Mapping[str, Any]) -> dict[str, Any]:
    cell = {
        "verdict": requirement["verdict"],
        "expected": requirement["expected"],
        "seconds": requirement["duration_s"],
        "tests": [_evidence(test) for test in requirement["tests"]],
    }
    if "deviation" in requirement:
        cell["deviation"] = requirement["deviation"]
    return cell


def _evidence(test: Mapping[str, Any]) -> dict[str, Any]:
    evidence = {key: test[key] for key in EVIDENCE if test.get(key)}
    evidence["operations"] = test.get("operations", [])
    evidence["wire"] = [
        [line["at_ms"], line["connection"], line["direction"], line["text"], line["hex"]]
        for line in test.get("transcript", ())
    ]
    return evidence
