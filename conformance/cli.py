"""`brokertck`: the command line. Each subcommand is a module of conformance.commands."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence

from conformance import __version__
from conformance.errors import KitError, TargetError, UsageError

COMMANDS = {
    "run": "run the conformance suite against one or more brokers",
    "list": "list requirements",
    "explain": "say everything about one requirement",
    "targets": "list the kinds of targets and their capabilities",
    "chapter": "the semantics of the chapter with their live status",
    "serve": "run the reference broker",
    "compare": "drive the same operations through two targets and compare what is observed",
    "report": "write index.html for a folder of results",
    "check": "say what is wrong with a recorded history of operations",
    "bench": "measure two targets with the same client in one run",
}
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; errors of the user or of the environment become one sentence."""
    if argv is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what was started, too
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser(arguments[0] if arguments else "")
    try:
        parsed = parser.parse_args(arguments)
        code = int(parsed.command_module.run(parsed))
        sys.stdout.flush()
        return code
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except TargetError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_UNREACHABLE
    except KitError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone, as with `| head`: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return EXIT_USAGE


def _parser(wanted: str) -> argparse.ArgumentParser:
    """Build the parser; only the wanted command is imported, so that each starts quickly."""
    parser = argparse.ArgumentParser(
        prog="brokertck", description="Conformance kit for message brokers."
    )
    parser.add_argument("--version", action="version", version=f"brokertck {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary}.")
        if name == wanted:
            module = importlib.import_module(f"conformance.commands.{name}")
            module.add_arguments(subparser)
            subparser.set_defaults(command_module=module)
    return parser
