"""Hypothesis strategies for what stands on the AMQP wire, and the settings of all properties."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from reference_impl.amqp.fields import PROPERTY_NAMES, Field, Properties, Table
from reference_impl.amqp.wire.spec import MethodSpec
from reference_impl.amqp.wire.tables import decode_text

Strategy = st.SearchStrategy[tuple[Any, ...]]

quick = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
"""Examples of one property. Machines that build are slow at times, so nothing is timed."""

few = settings(quick, max_examples=25)
"""For properties whose examples are whole histories."""

U8, U16, U32, U64 = (2**bits - 1 for bits in (8, 16, 32, 64))
I64 = 2**63 - 1
"""pamqp packs longlong as signed: the largest delivery tag that it can write."""


def often(frequent: Sequence[Strategy], others: Sequence[Strategy], times: int) -> Strategy:
    """One of all, each of the frequent ones `times` as often as each of the others.

    `st.one_of` takes a strategy that it is given several times as one.
    """
    choices = [*others, *(strategy for strategy in frequent for _ in range(times))]
    return st.sampled_from(choices).flatmap(lambda strategy: strategy)


def integers(low: int, high: int) -> st.SearchStrategy[int]:
    """Integers of [low, high], often at the edges."""
    return st.sampled_from((low, high, 0, 1)) | st.integers(low, high)


# -- text -----------------------------------------------------------------------------------

_LETTERS = "ab.\u00e9\u20ac\U0001f600"
"""Characters of one to four octets."""

short_texts = st.sampled_from(("", "x" * 255, "\u00e9" * 127)) | st.text(_LETTERS, max_size=6)
"""Short strings: UTF-8 of at most 255 octets."""

long_texts = st.text(_LETTERS, max_size=6) | st.binary(max_size=6).map(decode_text)
"""Long strings: any octets; those that are no UTF-8 as surrogates."""

field_names = st.text(_LETTERS, max_size=3) | st.just("n" * 128)
"""Names of fields; pamqp cuts them at 128 octets."""

# -- fields ---------------------------------------------------------------------------------

INTEGER_RANGES = {
    "byte": (-(2**7), 2**7 - 1),
    "short": (-(2**15), 2**15 - 1),
    "signedint": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "unsignedbyte": (0, U8),
    "unsignedshort": (0, U16),
    "unsignedint": (0, U32),
}

_scalars: dict[str, st.SearchStrategy[object]] = {
    **{name: integers(*limits) for name, limits in INTEGER_RANGES.items()},
    "longstr": long_texts,
    "binary": st.binary(max_size=20),
    "bool": st.booleans(),
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "decimal": st.tuples(integers(0, U8), integers(0, U32)),
    "timestamp": integers(0, U64),
    "void": st.none(),
}
SCALAR_TYPES = tuple(_scalars)


def _typed(name: str) -> st.SearchStrategy[Field]:
    return _scalars[name].map(lambda value: Field(name, value))


def fields_of(*types: str) -> st.SearchStrategy[Field]:
    """Fields of these scalar types, and tables and arrays of such fields."""
    scalars = st.one_of([_typed(name) for name in types])
    return st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda items: Field("array", items)),
            st.dictionaries(field_names, inner, max_size=3).map(lambda t: Field("table", t)),
        ),
        max_leaves=5,
    )


fields = fields_of(*SCALAR_TYPES)
tables: st.SearchStrategy[Table] = st.dictionaries(field_names, fields, max_size=3)

# -- methods and properties -----------------------------------------------------------------


def random_field(chance: random.Random, types: Sequence[str], depth: int = 2) -> Field:
    """A field drawn without Hypothesis, for sweeps over all methods."""
    name = chance.choice((*types, "array", "table") if depth else tuple(types))
    if name == "table":
        return Field(name, random_table(chance, types, depth - 1))
    if name == "array":
        size = chance.randrange(3)
        return Field(name, [random_field(chance, types, depth - 1) for _ in range(size)])
    return Field(name, _RANDOM[name](chance))


def random_table(chance: random.Random, types: Sequence[str], depth: int = 2) -> Table:
    """A table of up to three such fields, sorted by name."""
    names = sorted({random_text(chance) for _ in range(chance.randrange(4))})
    return {name: random_field(chance, types, depth) for name in names}


def random_text(chance: random.Random) -> str:
    """Up to six characters of one to four octets."""
    return "".join(chance.choices(_LETTERS, k=chance.randrange(7)))


_RANDOM: dict[str, Callable[[random.Random], object]] = {
    **{
        name: lambda chance, low=low, high=high: chance.choice(
            (low, high, chance.randint(low, high))
        )
        for name, (low, high) in INTEGER_RANGES.items()
    },
    "longstr": random_text,
    "binary": lambda chance: chance.randbytes(chance.randrange(6)),
    "bool": lambda chance: chance.random() < 0.5,
    "float": lambda chance: float(chance.randrange(-99, 99)),
    "double": lambda chance: chance.random(),
    "decimal": lambda chance: (chance.randrange(256), chance.randrange(2**32)),
    "timestamp": lambda chance: chance.randrange(2**64),
    "void": lambda _: None,
    "bit": lambda chance: chance.random() < 0.5,
    "octet": lambda chance: chance.randrange(256),
}
_LIMITS = {"short": U16, "long": U32, "longlong": I64}


def random_values(
    method: MethodSpec, chance: random.Random, types: Sequence[str] = SCALAR_TYPES
) -> list[Any]:
    """Values for every field of a method; `types` are those of the fields in its tables."""
    return [_random_value(kind, chance, types) for _, kind in method.fields]


def _random_value(kind: str, chance: random.Random, types: Sequence[str]) -> object:
    if kind == "table":
        return random_table(chance, types)
    if kind in ("shortstr", "longstr"):
        return chance.choice(("", "x" * 255, random_text(chance)))
    if kind in _LIMITS:
        return chance.choice((0, 1, _LIMITS[kind], chance.randint(0, _LIMITS[kind])))
    return _RANDOM[kind](chance)


_PROPERTY_VALUES: dict[str, st.SearchStrategy[object]] = {
    **dict.fromkeys(PROPERTY_NAMES, short_texts),
    "headers": tables,
    "delivery_mode": integers(0, U8),
    "priority": integers(0, U8),
    "timestamp": integers(0, U64),
}


def properties(**replaced: st.SearchStrategy[object]) -> st.SearchStrategy[Properties]:
    """Any of the 14 properties; `replaced` gives other strategies by name."""
    values = {**_PROPERTY_VALUES, **replaced}
    return st.fixed_dictionaries({}, optional=values).map(lambda chosen: Properties(**chosen))
