"""Mutants of publishing: direct reply-to."""

from tests.mutants.amqp.publishing import requirements
from tests.mutants.mutant import Mutant

PUBLISH = "amqp.core.channel:Channel.publish"
REPLIES = "amqp.core.direct_reply"

MUTANTS = [
    Mutant(
        "reply-reaches-the-latest-requester",
        f"{REPLIES}:reply_target",
        "requester = vhost.reply_consumers.get(name)",
        """requesters = vhost.reply_consumers
    requester = requesters[list(requesters)[-1]] if name in requesters else None""",
        kills=requirements("direct-reply"),
    ),
    Mutant(
        "reply-to-any-address-that-begins-alike",
        f"{REPLIES}:reply_target",
        "requester = vhost.reply_consumers.get(name)",
        """found = [v for k, v in vhost.reply_consumers.items() if k[:-12] == name[: len(k) - 12]]
    requester = found[0] if found else None""",
        kills=requirements("direct-reply-not-forgeable"),
    ),
    Mutant(
        "reply-address-is-not-filled-in",
        f"{REPLIES}:addressed",
        "return content.with_properties(reply_to=channel.reply_consumer.name)",
        "return content",
        kills=requirements("direct-reply-address", "direct-reply"),
    ),
    Mutant(
        "reply-address-replaces-the-headers",
        f"{REPLIES}:addressed",
        "(reply_to=channel.reply_consumer.name)",
        "(reply_to=channel.reply_consumer.name, headers=None)",
        kills=requirements("direct-reply-address"),
    ),
    Mutant(
        "reply-is-flagged-redelivered",
        f"{REPLIES}:ReplyConsumer.publish",
        "tag, False, message",
        "tag, True, message",
        kills=requirements("direct-reply-message"),
    ),
    Mutant(
        "reply-does-not-count-as-routed",
        PUBLISH,
        "if self.vhost.reply_consumers and not self.vhost.dialect.volatile_reply_queues:",
        "if self.vhost.reply_consumers:",
        kills=requirements("direct-reply-routed"),
    ),
    Mutant(
        "request-borrows-the-consumer-of-another-channel",
        f"{REPLIES}:addressed",
        """    if channel.reply_consumer is None:
""",
        """    others = list(channel.vhost.reply_consumers.values())
    if channel.reply_consumer is None and others:
        return Content(content.properties.replace(reply_to=others[0].name))
    if channel.reply_consumer is None:
""",
        kills=requirements("direct-reply-needs-consumer"),
    ),
    Mutant(
        "replies-with-acknowledgements",
        f"{REPLIES}:consume_replies",
        "if ack_required:",
        "if False:",
        kills=requirements("direct-reply-needs-no-ack"),
    ),
    Mutant(
        "replies-to-a-second-consumer",
        f"{REPLIES}:consume_replies",
        "if channel.reply_consumer is not None:",
        "if False:",
        kills=requirements("direct-reply-single-consumer"),
    ),
    Mutant(
        "replies-after-cancel",
        "amqp.core.channel:Channel.cancel",
        "stop_replies(self)",
        "pass",
        kills=requirements("direct-reply-consumer-renewed", "direct-reply-gone"),
    ),
    Mutant(
        "reply-address-looks-unused",
        "amqp.methods.queue_declare:handle",
        "stripped(queue), 0, 1",
        "stripped(queue), 0, 0",
        kills=requirements("direct-reply-exists"),
    ),
    Mutant(
        "reply-address-outlives-its-channel",
        "amqp.core.channel:Channel.close",
        "stop_replies(self)",
        "pass",
        kills=requirements("direct-reply-gone"),
    ),
    Mutant(
        "reply-to-a-gone-requester-is-404",
        f"{REPLIES}:GoneRequester.publish",
        "return True",
        """from reference_impl.errors import NotFound
    raise NotFound(f"no queue '{self.name}'")""",
        kills=requirements("direct-reply-dropped"),
    ),
    Mutant(
        "replies-under-a-tag-in-use",
        f"{REPLIES}:consume_replies",
        "if tag in channel.consumers:",
        "if False:",
        kills=requirements("direct-reply-tag-in-use"),
    ),
]
