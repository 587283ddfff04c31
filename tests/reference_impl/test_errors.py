"""The error tree against its own head, and its codes against pamqp's."""

from __future__ import annotations

import re

import pytest
from pamqp import constants, exceptions

from reference_impl import errors
from reference_impl.errors import BrokerError, ChannelRefusal, ConnectionRefusal, Refusal


def _all(kind: type[BrokerError]) -> list[type[BrokerError]]:
    return [kind, *(deeper for sub in kind.__subclasses__() for deeper in _all(sub))]


def _codes() -> list[type[Refusal]]:
    return [kind for kind in _all(Refusal) if "code" in vars(kind)]  # type: ignore[misc]


def test_head_of_the_module_shows_the_whole_tree() -> None:
    shown = set(re.findall(r"\b[A-Z][a-z]+[A-Za-z]*\b(?= |,|\n)", errors.__doc__ or ""))
    defined = {kind.__name__ for kind in _all(BrokerError)}
    assert defined <= shown
    assert defined == {name for name, value in vars(errors).items() if isinstance(value, type)}


@pytest.mark.parametrize("kind", _codes(), ids=lambda kind: kind.__name__)
def test_codes_and_names_are_those_of_the_protocol(kind: type[Refusal]) -> None:
    theirs = exceptions.CLASS_MAPPING[kind.code]
    assert theirs.name.replace("-", "_") == kind.name
    soft = kind.code in constants.__dict__.get("SOFT_ERRORS", ()) or issubclass(
        theirs, exceptions.AMQPSoftError
    )
    assert issubclass(kind, ChannelRefusal if soft else ConnectionRefusal)


def test_text_of_a_refusal_is_kept() -> None:
    refusal = errors.NotFound("no queue 'q' in vhost '/'")
    assert refusal.text == str(refusal) == "no queue 'q' in vhost '/'"
