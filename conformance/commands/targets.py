"""`brokertck targets`: the kinds of targets, and what they can do."""

from __future__ import annotations

import argparse
from textwrap import fill

from conformance.targets.model import CONTROLS, FEATURES
from conformance.targets.resolve import FORMS, resolve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", help="show the declared capabilities of this one")


def run(arguments: argparse.Namespace) -> int:
    if arguments.target is None:
        print(f"targets:\n{FORMS}\n\nfeatures that a target may lack ([capabilities] of a file):")
        for protocol, features in FEATURES.items():
            for name, meaning in sorted(features.items()):
                print(f"  {name:24} {protocol}: {meaning}")
        print("\ncontrols, which depend on how the broker is started:")
        for name, meaning in CONTROLS.items():
            print(f"  {name:24} {meaning}")
        return 0
    target = resolve(arguments.target)
    print(f"{target.name}: {', '.join(target.protocols)}")
    for name, present in sorted(target.capabilities.declared.items()):
        print(f"  {'yes' if present else 'no ':3} {name}")
    for protocol, what in target.lacks.items():
        print(fill(f"not served of {protocol}: {what}", 100, subsequent_indent="  "))
    return 0
