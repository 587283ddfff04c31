"""index.html: targets x requirements on one page that needs no network and no server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from conformance import __version__
from conformance.errors import UsageError
from conformance.reporting.results import command_again, load_results

MAX_OPERATIONS_OF_A_PASS = 40
"""Operations shown as evidence of a pass; of a failure all are shown."""


def write(folder: Path) -> Path:
    """Write FOLDER/index.html from every results.json in and below FOLDER; return its path."""
    found = [load_results(path) for path in sorted(folder.rglob("results.json"))]
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
    data = json.dumps(page_data(list(results)), separators=(",", ":"))
    # No "<" can end the script element that holds the data, nor open a comment in it.
    template = environment.get_template("matrix.html.j2")
    return template.render(data=data.replace("<", "\\u003c"), version=__version__)


def page_data(results: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Turn runs into columns and rows: what the page's script reads."""
    rows: dict[str, dict[str, Any]] = {}
    columns = []
    for number, content in enumerate(results):
        target, run = content["target"], content["run"]
        columns.append(
            {
                "target": run["target"],
                "product": target.get("product", ""),
                "version": target.get("version", ""),
                "profile": run["profile"],
                "seed": run["seed"],
                "started": run["started"],
                "duration": run["duration_s"],
                "complete": run["complete"],
                "summary": content["summary"],
                "problems": content["problems"],
                "description": target.get("description", {}),
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
    kept = ("test", "verdict", "reason", "expected", "observed", "example", "examples", "octets")
    evidence = {key: test[key] for key in kept if test.get(key)}
    operations = test.get("operations", [])
    if test["verdict"] == "passed":
        operations = operations[:MAX_OPERATIONS_OF_A_PASS]
    evidence["operations"] = operations
    evidence["wire"] = [
        [line["at_ms"], line["connection"], line["direction"], line["text"], line["hex"]]
        for line in test.get("transcript", ())
    ]
    if test.get("traceback"):
        evidence["traceback"] = test["traceback"]
    return evidence
