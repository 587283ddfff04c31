"""Which limits are accepted."""

from hypothesis import strategies as st

from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.queue_arguments import NO_INTEGERS, check_argument

LIMITS = st.sampled_from([-(2**40), -1, 0, 1, 2**31, 2**62, *NO_INTEGERS])
POLICIES = ("drop-head", "reject-publish", "reject-publish-dlx")


@requirement("amqp.length-limits.limit-values")
@holds_for(name=st.sampled_from(["x-max-length", "x-max-length-bytes"]), value=LIMITS)
def test_values_of_limits(amqp: AmqpTester, name: str, value: object) -> None:
    check_argument(amqp, name, value, valid=type(value) is int and value >= 0)


@requirement("amqp.length-limits.overflow-values")
@holds_for(value=st.sampled_from([*POLICIES, "", "drop-tail", "DROP-HEAD", 1, True, None]))
def test_values_of_x_overflow(amqp: AmqpTester, value: object) -> None:
    check_argument(amqp, "x-overflow", value, valid=value in POLICIES)
