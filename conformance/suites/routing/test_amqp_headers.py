"""Headers exchanges: arguments of the binding against headers of the message."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import headers_match
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import bound_under, with_headers

Headers = dict[str, Any]

VALUES = st.sampled_from([1, 2, "1", "a", True])
PLAIN = st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3)
WITH_X = st.dictionaries(st.sampled_from(["a", "xa", "x-a", "x-"]), VALUES, max_size=4)
MESSAGES = st.lists(PLAIN, min_size=1, max_size=6)
MESSAGES_WITH_X = st.lists(WITH_X, min_size=1, max_size=6)


def bindings_with(modes: list[str | None], arguments: st.SearchStrategy[Headers]) -> Any:
    """Some bindings, each with one of the modes as x-match; None is none."""
    return st.lists(
        st.builds(_with_mode, st.sampled_from(modes), arguments), min_size=1, max_size=3
    )


def _with_mode(mode: str | None, arguments: Headers) -> Headers:
    return arguments if mode is None else {"x-match": mode, **arguments}


def check_headers(
    amqp: AmqpTester, bindings: list[Headers], messages: list[Headers | None]
) -> None:
    """Each binding must let through the messages that the definition says."""
    exchange = amqp.exchange("headers")
    queues = [amqp.bound_queue(exchange, "", arguments) for arguments in bindings]
    sent = {f"{number} with {headers}": headers for number, headers in enumerate(messages)}
    for body, headers in sent.items():
        amqp.admin.publish(exchange, "", body, with_headers(headers))
    for arguments, queue in zip(bindings, queues, strict=True):
        expected = [body for body, headers in sent.items() if headers_match(arguments, headers)]
        expect.equal(amqp.bodies(queue), expected, f"messages let through by {arguments}")


@requirement("amqp.routing.headers-all")
@holds_for(cost=3, bindings=bindings_with(["all"], PLAIN), messages=MESSAGES)
def test_all_wants_every_argument(
    amqp: AmqpTester, bindings: list[Headers], messages: list[Headers | None]
) -> None:
    nearly = [{"x-match": "all", "a": 1, "b": 2}]
    check_headers(amqp, bindings + nearly, [*messages, {"a": 1, "b": 2}, {"a": 1}, {"b": 2}])


@requirement("amqp.routing.headers-any")
@holds_for(cost=3, bindings=bindings_with(["any"], PLAIN), messages=MESSAGES)
def test_any_wants_one_argument(
    amqp: AmqpTester, bindings: list[Headers], messages: list[Headers | None]
) -> None:
    nearly = [{"x-match": "any", "a": 1, "b": 2}]
    check_headers(amqp, bindings + nearly, [*messages, {"a": 1}, {"b": 2}, {"a": 2, "b": 1}])


@requirement("amqp.routing.headers-all-by-default")
@holds_for(cost=3, bindings=bindings_with([None], PLAIN), messages=MESSAGES)
def test_without_a_mode_every_argument_counts(
    amqp: AmqpTester, bindings: list[Headers], messages: list[Headers | None]
) -> None:
    check_headers(amqp, [*bindings, {"a": 1, "b": 2}], [*messages, {"a": 1}, {"a": 1, "b": 2}])


@requirement("amqp.routing.headers-presence")
def test_an_argument_without_a_value_asks_for_presence(amqp: AmqpTester) -> None:
    bindings: list[Headers] = [
        {"x-match": "all", "a": None},
        {"x-match": "any", "a": None},
        {"x-match": "all", "a": None, "b": 1},
        {"x-match": "any", "a": None, "b": 1},
    ]
    values: list[Any] = [1, 0, "", False, None, [], {}]
    present: list[Headers | None] = [{"a": value} for value in values]
    check_headers(amqp, bindings, [*present, {"a": 1, "b": 1}, {"b": 1}, {"b": 2}, {}, None])


@requirement("amqp.routing.headers-x-arguments-ignored")
@holds_for(cost=3, bindings=bindings_with([None, "all", "any"], WITH_X), messages=MESSAGES_WITH_X)
def test_arguments_that_begin_with_x_do_not_count(
    amqp: AmqpTester, bindings: list[Headers], messages: list[Headers | None]
) -> None:
    tempting: list[Headers] = [
        {"x-match": "all", "x-a": 1, "a": 1},
        {"x-match": "any", "x-a": 1, "a": 1},
    ]
    check_headers(amqp, bindings + tempting, [*messages, {"a": 1}, {"x-a": 1}])


@requirement("amqp.routing.headers-all-with-x")
@holds_for(cost=3, bindings=bindings_with(["all-with-x"], WITH_X), messages=MESSAGES_WITH_X)
def test_all_with_x_wants_every_argument_but_the_mode(
    amqp: AmqpTester, bindings: list[Headers], messages: list[Headers | None]
) -> None:
    nearly = [{"x-match": "all-with-x", "x-a": 1, "a": 1}]
    check_headers(amqp, bindings + nearly, [*messages, {"a": 1}, {"x-a": 1, "a": 1}])


@requirement("amqp.routing.headers-any-with-x")
@holds_for(cost=3, bindings=bindings_with(["any-with-x"], WITH_X), messages=MESSAGES_WITH_X)
def test_any_with_x_wants_one_argument_other_than_the_mode(
    amqp: AmqpTester, bindings: list[Headers], messages: list[Headers | None]
) -> None:
    nearly = [{"x-match": "any-with-x", "x-a": 1, "a": 1}]
    check_headers(
        amqp, bindings + nearly, [*messages, {"a": 1}, {"x-a": 1}, {"x-match": "any-with-x"}]
    )


@requirement("amqp.routing.headers-all-of-nothing")
def test_all_without_arguments_lets_everything_through(amqp: AmqpTester) -> None:
    bindings: list[Headers] = [{}, {"x-match": "all"}, {"x-match": "all", "x-a": 1}]
    check_headers(amqp, bindings, [None, {}, {"a": 1}, {"x-a": 2}])


@requirement("amqp.routing.headers-any-of-nothing")
def test_any_without_arguments_lets_nothing_through(amqp: AmqpTester) -> None:
    bindings: list[Headers] = [{"x-match": "any"}, {"x-match": "any", "x-a": 1}]
    check_headers(amqp, bindings, [None, {}, {"a": 1}, {"x-a": 1}])


@requirement("amqp.routing.headers-message-without-headers")
def test_a_message_without_headers_satisfies_no_argument(amqp: AmqpTester) -> None:
    bindings: list[Headers] = [{"x-match": mode, "a": 1} for mode in ("all", "any")]
    bindings += [{"x-match": mode, "a": None} for mode in ("all", "any")]
    check_headers(amqp, [*bindings, {"a": 1}, {"x-match": "all"}], [None, {}])


@requirement("amqp.routing.headers-key-ignored")
@holds_for(
    cost=3,
    bound=st.sampled_from(["", "a", "b", "#"]),
    keys=st.lists(st.sampled_from(["", "a", "b", "#"]), min_size=1, max_size=4),
)
def test_the_routing_key_does_not_matter(amqp: AmqpTester, bound: str, keys: list[str]) -> None:
    exchange = amqp.exchange("headers")
    queue = amqp.bound_queue(exchange, bound, {"a": 1})
    for number, key in enumerate(keys):
        amqp.admin.publish(exchange, key, f"{number} matches", with_headers({"a": 1}))
        amqp.admin.publish(exchange, key, f"{number} does not", with_headers({"a": 2}))
    expected = [f"{number} matches" for number, _ in enumerate(keys)]
    expect.equal(amqp.bodies(queue), expected, f"messages under {keys}, bound under {bound!r}")


@requirement("amqp.routing.headers-one-copy-a-queue")
def test_one_copy_however_many_bindings_match(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("headers")
    queue = bound_under(amqp, exchange, ["", "another key"])
    matching: list[Headers] = [{"a": 1}, {"b": 1}, {"x-match": "any", "a": 1, "b": 1}]
    for arguments in matching:
        amqp.admin.bind(queue, exchange, "", arguments)
    amqp.admin.publish(exchange, "", "only once", with_headers({"a": 1, "b": 1}))
    expect.equal(amqp.bodies(queue), ["only once"])


def check_mode_refused(amqp: AmqpTester, mode: object) -> None:
    """A binding with this x-match must be refused and let nothing through."""
    exchange = amqp.exchange("headers")
    queue = amqp.queue()
    with expect.channel_error(406):
        amqp.channel().bind(queue, exchange, "", {"x-match": mode, "a": 1})
    amqp.admin.publish(exchange, "", f"sent after x-match={mode!r}", with_headers({"a": 1}))
    expect.equal(amqp.bodies(queue), [], "messages let through by a binding that was refused")


@requirement("amqp.routing.headers-match-mode-unknown")
def test_an_unknown_mode_is_refused(amqp: AmqpTester) -> None:
    for mode in ["some", "ALL", "any ", "", "with-x", "all-with-y"]:
        check_mode_refused(amqp, mode)


@requirement("amqp.routing.headers-match-mode-not-text")
def test_a_mode_that_is_no_text_is_refused(amqp: AmqpTester) -> None:
    for mode in [23, True, None, b"all", ["all"], {"all": True}]:
        check_mode_refused(amqp, mode)


@requirement("amqp.routing.headers-example")
def test_reports_by_format_and_type(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("headers")
    report: Headers = {"format": "pdf", "type": "report"}
    both = amqp.bound_queue(exchange, "", {"x-match": "all", **report})
    either = amqp.bound_queue(exchange, "", {"x-match": "any", **report})
    messages: dict[str, Headers] = {
        "pdf report": report,
        "zipped pdf report": {**report, "compressed": True},
        "pdf log": {"format": "pdf", "type": "log"},
        "zip log": {"format": "zip", "type": "log"},
    }
    for body, headers in messages.items():
        amqp.admin.publish(exchange, "ignored", body, with_headers(headers))
    expect.equal(amqp.bodies(both), ["pdf report", "zipped pdf report"], "x-match all")
    expect.equal(amqp.bodies(either), ["pdf report", "zipped pdf report", "pdf log"], "x-match any")
