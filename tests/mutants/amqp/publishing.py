"""Mutants of publishing: content, mandatory, refusals, confirms, direct reply-to."""

from tests.mutants.mutant import Mutant

CONTENT = "amqp.channel_session:ChannelSession._begin_content"
SEND = "amqp.channel_session:ChannelSession._send_content"
COALESCE = "amqp.channel_session:ChannelSession._send_coalesced"
PUBLISH = "amqp.core.channel:Channel.publish"
ENQUEUE = "amqp.core.channel:Channel.enqueue"
USER_ID = "amqp.core.channel:Channel._check_user_id"
SELECT = "amqp.core.channel:Channel.select_confirms"
REPLIES = "amqp.core.direct_reply"

KEEP_HEADER = "self._header = payload"
RECODED = "self._header = payload[:12] + encode_properties(content.properties.replace({}))"


def requirements(*names: str) -> tuple[str, ...]:
    return tuple(f"amqp.publishing.{name}" for name in names)


CONTENT_MUTANTS = [
    Mutant(
        "content-priority-is-lost",
        CONTENT,
        KEEP_HEADER,
        RECODED.format("priority=None"),
        kills=requirements("properties-kept", "unset-properties-absent"),
    ),
    Mutant(
        "content-delivery-mode-is-filled-in",
        CONTENT,
        KEEP_HEADER,
        RECODED.format("delivery_mode=content.properties.delivery_mode or 1"),
        kills=requirements("properties-kept", "unset-properties-absent"),
    ),
    Mutant(
        "content-app-id-only-with-correlation-id",
        CONTENT,
        KEEP_HEADER,
        RECODED.format(
            "app_id=content.properties.app_id if content.properties.correlation_id else None"
        ),
        kills=requirements("unset-properties-absent"),
    ),
    Mutant(
        "content-other-delivery-modes-become-transient",
        CONTENT,
        KEEP_HEADER,
        RECODED.format("delivery_mode=2 if content.persistent else 1"),
        kills=requirements("other-delivery-modes"),
    ),
    Mutant(
        "content-empty-headers-vanish",
        CONTENT,
        KEEP_HEADER,
        RECODED.format("headers=content.properties.headers or None"),
        kills=requirements("empty-headers-kept"),
    ),
    Mutant(
        "content-timestamp-is-signed",
        CONTENT,
        KEEP_HEADER,
        RECODED.format("timestamp=min(content.properties.timestamp or 0, (1 << 63) - 1) or None"),
        kills=requirements("timestamp-opaque"),
    ),
    Mutant(
        "content-small-integers-are-widened",
        CONTENT,
        KEEP_HEADER,
        """from reference_impl.amqp.fields import Field
    headers = {
        name: Field("long", field.value) if field.type == "short" else field
        for name, field in (content.properties.headers or {}).items()
    }
    self._header = payload[:12] + encode_properties(
        content.properties.replace(headers=headers or content.properties.headers)
    )""",
        kills=requirements("header-types-kept"),
    ),
    Mutant(
        "content-upper-case-l-is-unknown",
        "amqp.wire.tables:decode_value",
        "fixed = _FIXED.get(letter)",
        "fixed = _FIXED.get(letter) if letter != 0x4C else None",
        kills=requirements("long-integer-tags", "header-types-kept"),
    ),
    Mutant(
        "content-void-takes-an-octet",
        "amqp.wire.tables:decode_value",
        'return Field("void", None), position',
        'return Field("void", None), position + 1',
        kills=requirements("header-types-kept"),
    ),
    Mutant(
        "content-no-delivery-mode-but-2-is-known",
        "amqp.core.channel:Channel._check_delivery_mode",
        "self.vhost.dialect.refuses_other_delivery_modes and mode not in (None, 1, 2)",
        "mode not in (None, 1, 2)",
        kills=requirements("other-delivery-modes"),
    ),
    Mutant(
        "body-empty-waits-for-a-frame",
        "amqp.channel_session:ChannelSession.receive_header",
        "if size == 0:",
        "if size < 0:",
        kills=requirements("empty-body"),
    ),
    Mutant(
        "body-empty-is-sent-with-a-frame",
        SEND,
        "range(0, len(body), part)",
        "range(0, len(body) or 1, part)",
        kills=requirements("empty-body"),
    ),
    Mutant(
        "body-last-octet-alone-in-its-frame-is-lost",
        SEND,
        "range(0, len(body), part)",
        "range(0, len(body) - 1, part)",
        kills=requirements("body-kept"),
    ),
    Mutant(
        "body-frames-overlap-by-an-octet",
        SEND,
        "body[start : start + part]",
        "body[start - (start > 0) : start + part - (start > 0)]",
        kills=requirements("body-kept"),
    ),
    Mutant(
        "body-parts-of-the-last-one-stay",
        "amqp.channel_session:ChannelSession.receive_body",
        "            self._body.clear()\n",
        "",
        kills=requirements("body-kept"),
    ),
    Mutant(
        "body-parts-are-joined-backwards",
        "amqp.channel_session:ChannelSession.receive_body",
        "(*self._body, payload)",
        "(*reversed(self._body), payload)",
        kills=requirements("body-split-anywhere"),
    ),
]

ROUTING_MUTANTS = [
    Mutant(
        "return-swaps-exchange-and-key",
        "amqp.channel_session:ChannelSession.return_message",
        "message.exchange, message.routing_keys[0]",
        "message.routing_keys[0], message.exchange",
        kills=requirements("mandatory-returned"),
    ),
    Mutant(
        "return-says-no-consumers",
        "amqp.channel_session:ChannelSession.return_message",
        "*spec.REPLY_NO_ROUTE",
        '313, "NO_CONSUMERS"',
        kills=requirements("mandatory-returned"),
    ),
    Mutant(
        "return-of-what-has-no-consumer",
        ENQUEUE,
        "if not queues:",
        "if not any(len(getattr(queue, 'consumers', 'one')) for queue in queues):",
        kills=requirements("mandatory-returns-exactly"),
    ),
    Mutant(
        "return-of-what-is-not-mandatory",
        ENQUEUE,
        "if mandatory:",
        "if mandatory or not message.content.persistent:",
        kills=requirements("mandatory-returns-exactly", "unroutable-dropped"),
    ),
    Mutant(
        "return-once-for-each-connection",
        ENQUEUE,
        "if mandatory:",
        "if mandatory and self is next(iter(self.connection.channels.values()), self):",
        kills=requirements("mandatory-returned", "mandatory-returns-exactly"),
    ),
    Mutant(
        "route-outlives-its-binding",
        "amqp.core.vhost:VirtualHost.unbind",
        "self.routes.clear()",
        "pass",
        kills=requirements("mandatory-returns-exactly"),
    ),
    Mutant(
        "route-to-nowhere-outlives-a-new-binding",
        "amqp.core.vhost:VirtualHost.bind",
        "self.routes.clear()",
        "pass",
        kills=requirements("mandatory-returns-exactly"),
    ),
]

REFUSAL_MUTANTS = [
    Mutant(
        "publish-to-a-missing-exchange-is-406",
        "amqp.core.vhost:VirtualHost.exchange",
        "raise NotFound(f",
        "raise PreconditionFailed(f",
        kills=requirements("missing-exchange", "refusal-spares-the-rest"),
    ),
    Mutant(
        "route-outlives-its-exchange",
        "amqp.core.vhost:VirtualHost.forget_exchange",
        "self.routes.clear()",
        "pass",
        kills=requirements("missing-exchange"),
    ),
    Mutant(
        "refused-expiration-is-published-all-the-same",
        PUBLISH,
        "            raise content.refusal\n",
        """            message = Message(exchange_name, (routing_key,), content, body, encoded)
            self.enqueue(message, mandatory, exchange.route(message))
            raise content.refusal
""",
        kills=requirements("expiration-syntax", "refusal-spares-the-rest"),
    ),
    Mutant(
        "refusal-empties-the-queue",
        "amqp.channel_session:ChannelSession._refuse",
        "self.session.refuse_on_channel(self, refusal, method)",
        """if self.core is not None and method is PUBLISH:
        for queue in self.core.vhost.queues.values():
            queue.ready.clear()
    self.session.refuse_on_channel(self, refusal, method)""",
        kills=requirements("refusal-spares-the-rest"),
    ),
    Mutant(
        "immediate-only-refused-with-mandatory",
        "amqp.channel_session:ChannelSession._begin_publish",
        "if immediate:",
        "if immediate and mandatory:",
        kills=requirements("immediate-refused"),
    ),
    Mutant(
        "user-id-may-be-empty",
        USER_ID,
        "claimed is not None",
        "claimed",
        kills=requirements("foreign-user-id"),
    ),
    Mutant(
        "user-id-in-any-case",
        USER_ID,
        "claimed != user.name",
        "claimed.lower() != user.name.lower()",
        kills=requirements("foreign-user-id"),
    ),
    Mutant(
        "user-id-is-never-accepted",
        USER_ID,
        "claimed != user.name",
        "claimed is not user.name",
        kills=requirements("own-user-id"),
    ),
    Mutant(
        "expiration-bound-is-exclusive",
        "amqp.core.message:parse_expiration",
        "0 <= value <= MAX_TTL_MS",
        "0 <= value < MAX_TTL_MS",
        kills=requirements("expiration-syntax"),
    ),
    Mutant(
        "expiration-reads-the-number-in-front",
        "amqp.core.message:parse_expiration",
        """    elif length < len(digits):
""",
        """    elif length < len(digits) and digits[length] != ".":
""",
        kills=requirements("expiration-syntax"),
    ),
    Mutant(
        "size-limit-is-exclusive",
        PUBLISH,
        "if len(body) > self",
        "if len(body) >= self",
        kills=requirements("large-body-kept"),
    ),
    Mutant(
        "size-limit-is-not-checked",
        PUBLISH,
        "if len(body) > self",
        "if len(body) < 0 * self",
        kills=requirements("size-limit"),
    ),
    Mutant(
        "no-local-is-honoured",
        "amqp.methods.basic_consume:handle",
        "consumer.queue.deliver_ready()",
        """if no_local:
        consumer.queue.remove_consumer(consumer)
    consumer.queue.deliver_ready()""",
        kills=requirements("no-local-ignored"),
    ),
]

CONFIRM_MUTANTS = [
    Mutant(
        "confirm-waits-until-the-queue-is-empty",
        PUBLISH,
        "elif self.confirming:",
        "elif self.confirming and not any(len(queue.ready) > 1 for queue in queues):",
        kills=requirements("does-not-wait", "confirmed-is-enqueued"),
    ),
    Mutant(
        "confirms-are-sent-again",
        "amqp.core.channel:Channel.take_confirms",
        "self.confirmed, self.rejected = [], []",
        "self.confirmed, self.rejected = self.confirmed[-1:], []",
        kills=requirements("confirmed-once"),
    ),
    Mutant(
        "confirm-of-the-first-after-a-nack-is-lost",
        COALESCE,
        "for tag in tags[len(together) :]:",
        "for tag in tags[len(together) + 1 :]:",
        kills=requirements("confirmed-once", "confirm-kind"),
    ),
    Mutant(
        "confirm-multiple-covers-the-other-kind",
        COALESCE,
        "tag < others[0]",
        "tag < others[-1]",
        kills=requirements("confirm-multiple", "confirm-kind"),
    ),
    Mutant(
        "confirm-kind-is-that-of-the-last-queue",
        ENQUEUE,
        """        if not queue.publish(message):
            accepted = False
""",
        """        accepted = queue.publish(message)
""",
        kills=requirements("confirm-kind"),
    ),
    Mutant(
        "confirm-kind-is-that-of-the-first-queue",
        ENQUEUE,
        "if not queue.publish(message):",
        "if not queue.publish(message) and queue is queues[0]:",
        kills=requirements("confirm-kind"),
    ),
    Mutant(
        "confirm-comes-before-the-return",
        ENQUEUE,
        "            self.sink.return_message(message)\n",
        """            if self.confirming:
                self.confirmed.append(self.next_publish)
                self.sink.send_confirms()
            self.sink.return_message(message)
""",
        kills=requirements("return-before-confirm", "confirmed-once"),
    ),
    Mutant(
        "confirm-of-what-is-unroutable-is-a-nack",
        ENQUEUE,
        "        return True\n",
        "        return mandatory\n",
        kills=requirements("confirm-kind", "confirm-unroutable"),
    ),
    Mutant(
        "confirm-select-restarts-the-numbers",
        SELECT,
        "if not self.confirming:",
        "if True:",
        kills=requirements("confirm-select-twice"),
    ),
    Mutant(
        "confirm-select-always-answers",
        "amqp.methods.confirm_select:handle",
        "no_wait=no_wait",
        "no_wait=False",
        kills=requirements("confirm-select-no-wait"),
    ),
    Mutant(
        "confirm-numbers-from-the-opening-of-the-channel",
        SELECT,
        "self.next_publish = 1",
        "pass",
        kills=requirements("confirm-numbers"),
    ),
    Mutant(
        "confirm-select-is-for-the-connection",
        SELECT,
        "self.confirming = True",
        """for channel in self.connection.channels.values():
            channel.confirming = True""",
        kills=requirements("confirm-own-channel"),
    ),
    Mutant(
        "confirm-select-outlives-its-channel",
        "amqp.core.channel:Channel.__init__",
        "self.confirming = False",
        """self.confirming = getattr(connection, "confirmed_once", False)
    connection.confirmed_once = True""",
        kills=requirements("confirms-end-with-the-channel"),
    ),
    Mutant(
        "confirm-though-the-third-queue-was-left-out",
        ENQUEUE,
        "for queue in queues:",
        "for queue in queues[:2]:",
        kills=requirements("confirmed-is-enqueued"),
    ),
    Mutant(
        "confirm-of-what-expires-at-once-is-a-nack",
        "amqp.core.queues:Queue.publish",
        """        self.drop_expired()
    return True""",
        """        self.drop_expired()
        return bool(self.ready)
    return True""",
        kills=requirements("confirmed-whatever-happens"),
    ),
    Mutant(
        "full-queue-returns-what-is-mandatory",
        ENQUEUE,
        "            accepted = False\n",
        """            accepted = False
            if mandatory:
                self.sink.return_message(message)
""",
        kills=requirements("reject-publish-silent", "return-before-confirm"),
    ),
    Mutant(
        "full-queue-takes-one-more",
        "amqp.core.queues:Queue._would_overflow",
        "len(self.ready) + 1 > self.max_length",
        "len(self.ready) > self.max_length",
        kills=requirements("reject-publish-silent", "confirm-kind"),
    ),
    Mutant(
        "confirm-select-on-a-tx-channel",
        SELECT,
        "if self.transaction is not None:",
        "if False:",
        kills=requirements("no-confirms-in-transactions"),
    ),
]

DIRECT_REPLY_MUTANTS = [
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
        "with_properties(reply_to=channel.reply_consumer.name)",
        "with_properties(reply_to=channel.reply_consumer.name, headers=None)",
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

MUTANTS = [
    *CONTENT_MUTANTS,
    *ROUTING_MUTANTS,
    *REFUSAL_MUTANTS,
    *CONFIRM_MUTANTS,
    *DIRECT_REPLY_MUTANTS,
]
