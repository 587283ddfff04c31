"""Headers exchanges: when are two values of the wire the same?"""

from decimal import Decimal

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.drivers.amqp.typed import INTEGERS, field, number
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.typed_bindings import TypedBindings

WIDTHS = st.sampled_from(sorted(INTEGERS))
SMALL = st.sampled_from([0, 1, 2, 127])


@requirement("amqp.routing.headers-integer-width-ignored")
@holds_for(
    cost=2,
    wanted=st.lists(st.tuples(WIDTHS, SMALL), min_size=1, max_size=3),
    found=st.lists(st.tuples(WIDTHS, SMALL), min_size=1, max_size=6),
)
def test_integers_of_all_widths_compare_by_value(
    amqp: AmqpTester, wanted: list[tuple[str, int]], found: list[tuple[str, int]]
) -> None:
    bindings = TypedBindings(amqp, {f"{letter}:{n}": number(letter, n) for letter, n in wanted})
    for letter, value in found:
        expected = {f"{width}:{n}" for width, n in wanted if n == value}
        about = f"bindings that match the integer {value} of type {letter}"
        expect.equal(bindings.matched(number(letter, value)), expected, about)


def check_each_matches_only_itself(amqp: AmqpTester, fields: dict[str, bytes]) -> None:
    bindings = TypedBindings(amqp, fields)
    for label, octets in fields.items():
        expect.equal(bindings.matched(octets), {label}, f"bindings that match {label}")


@requirement("amqp.routing.headers-kind-counts")
def test_values_of_different_kinds_are_different(amqp: AmqpTester) -> None:
    values = [1, "1", True, "true", "True", 0, "0", False, "", Decimal(1), [1], {"1": 1}, []]
    check_each_matches_only_itself(amqp, {repr(value): field(value) for value in values})


@requirement("amqp.routing.headers-every-type")
def test_values_of_every_type_match_themselves(amqp: AmqpTester) -> None:
    fields = {
        "float 0.5": number("f", 0.5),
        "float 1.5": number("f", 1.5),
        "double 0.1": number("d", 0.1),
        "2**40": number("l", 1 << 40),
        "2**40+1": number("l", (1 << 40) + 1),
        "-1": number("b", -1),
        "octet 255": number("B", 255),
        "octets ff": field(b"\xff"),
        "octets fe": field(b"\xfe"),
    }
    values = [
        *("text", "texT", "té"),
        *(Decimal("1.5"), Decimal("15")),
        *([1, "a"], ["a", 1], [1, ["a"]]),
        *({"k": 1}, {"k": 2}, {"K": 1}, {"k": {"k": 1}}),
    ]
    fields.update({repr(value): field(value) for value in values})
    check_each_matches_only_itself(amqp, fields)


NUMBERS = {"integer 1": number("I", 1), "float 1.0": number("d", 1.0), "float 2.0": number("d", 2)}


@requirement("amqp.routing.headers-integer-is-no-float")
def test_an_integer_does_not_match_a_float(amqp: AmqpTester) -> None:
    bindings = TypedBindings(amqp, NUMBERS)
    expect.equal(bindings.matched(number("I", 1)), {"integer 1"}, "bindings that match 1")
    expect.equal(bindings.matched(number("d", 1)), {"float 1.0"}, "bindings that match 1.0")
    expect.equal(bindings.matched(number("f", 1)), {"float 1.0"}, "the same in single precision")


@requirement("amqp.routing.headers-integer-may-match-float")
def test_an_integer_matches_an_equal_float(amqp: AmqpTester) -> None:
    bindings = TypedBindings(amqp, NUMBERS)
    both = {"integer 1", "float 1.0"}
    expect.equal(bindings.matched(number("I", 1)), both, "bindings that match 1")
    expect.equal(bindings.matched(number("d", 1)), both, "bindings that match 1.0")


@requirement("amqp.routing.headers-timestamp")
def test_a_timestamp_matches_itself(amqp: AmqpTester) -> None:
    moments = {f"{seconds} s": number("T", seconds) for seconds in (0, 1, 1_700_000_000)}
    check_each_matches_only_itself(amqp, moments)
