"""`brokertck bench`: two brokers, the same client, one run."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from rich.table import Table

from conformance.bench.compare import Figure, compare
from conformance.bench.load import Load
from conformance.bench.workloads import CLIENTS
from conformance.commands.terminal import table_console
from conformance.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", default="reference", metavar="A", help="default: reference")
    parser.add_argument("--vs", required=True, metavar="B", help="for example rabbitmq:4.3")
    parser.add_argument(
        "--client", choices=[*CLIENTS], help="default: the first that speaks what both serve"
    )
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--messages", type=int, default=Load.messages, help="a round")
    parser.add_argument("--round-trips", type=int, default=Load.round_trips, help="a round")
    parser.add_argument("--size", type=int, default=Load.body_size, help="octets of a body")
    parser.add_argument("--persistent", action="store_true", help="publish with delivery mode 2")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")


def run(arguments: argparse.Namespace) -> int:
    for name in ("rounds", "messages", "round_trips", "size"):
        if getattr(arguments, name) < 1:
            raise UsageError(f"--{name.replace('_', '-')} must be at least 1")
    if arguments.json is not None and not arguments.json.parent.is_dir():
        raise UsageError(f"--json {arguments.json}: there is no folder {arguments.json.parent}")
    load = Load(arguments.messages, arguments.round_trips, arguments.size, arguments.persistent)
    figures = compare(
        arguments.target,
        arguments.vs,
        load,
        arguments.rounds,
        lambda text: print(text, file=sys.stderr),
        arguments.client,
    )
    _print(arguments.target, arguments.vs, figures)
    if arguments.json is not None:
        content = {
            "a": arguments.target,
            "b": arguments.vs,
            "client": arguments.client,
            "rounds": arguments.rounds,
            "load": dataclasses.asdict(load),
            "figures": [dataclasses.asdict(figure) for figure in figures],
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


def _print(a: str, b: str, figures: list[Figure]) -> None:
    table = Table("", a, b, f"{a} / {b}", "spread", box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for figure in figures:
        table.add_row(
            figure.label,
            _short(figure.a),
            _short(figure.b),
            f"{figure.ratio:.2f}",
            f"{figure.ratio_min:.2f} - {figure.ratio_max:.2f}",
        )
    table_console().print(table)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
