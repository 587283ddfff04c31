"""`brokertck serve`: the reference broker as a program."""

from __future__ import annotations

import argparse

from reference_impl.server import serve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    serve.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    return serve.run(arguments)
