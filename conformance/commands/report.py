"""`brokertck report DIR`: one page for all results in and below a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.reporting import matrix


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path)


def run(arguments: argparse.Namespace) -> int:
    print(matrix.write(arguments.folder))
    return 0
