"""Transcripts: every octet is kept, every frame is whole, however it was cut on the way."""

from __future__ import annotations

import itertools

import pika
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pika import frame, spec

from conformance.drivers import transcript as transcripts
from conformance.drivers.amqp.decoding import decode_frames, describe_frame, new_decoder
from conformance.drivers.amqp.raw import any_frame, body_frame, header_frame, method_frame
from conformance.drivers.transcript import Transcript

FRAMES = {
    "1 queue.declare durable=True queue='q'": method_frame(
        1, spec.Queue.Declare(queue="q", durable=True)
    ),
    "2 basic.publish exchange='x' routing_key='k'": method_frame(
        2, spec.Basic.Publish(exchange="x", routing_key="k")
    ),
    "2 header size=3 delivery_mode=2 headers={'n': 1}": header_frame(
        2, 3, pika.BasicProperties(delivery_mode=2, headers={"n": 1})
    ),
    "2 body b'abc'": body_frame(2, b"abc"),
    "0 heartbeat": frame.Heartbeat().marshal(),
    "1 channel.close-ok": method_frame(1, spec.Channel.CloseOk()),
    "0 connection.tune-ok channel_max=1 frame_max=2 heartbeat=3": method_frame(
        0, spec.Connection.TuneOk(1, 2, 3)
    ),
}


@pytest.mark.parametrize("text", list(FRAMES))
def test_frames_in_words(text: str) -> None:
    assert describe_frame(FRAMES[text]) == text


def test_a_long_body_is_shown_in_part_and_kept_whole() -> None:
    octets = body_frame(1, b"x" * 100)
    ((text, whole),) = decode_frames(octets)
    assert text == f"1 body {b'x' * 64!r}... (100 octets)"
    assert whole == octets


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (any_frame(9, 1, b"abc"), "1 type 9"),
        (any_frame(1, 3, b"\x00\x99\x00\x01"), "3 type 1 not decodable"),
        (any_frame(1, 3, b"\x00\x32"), "3 type 1 not decodable"),
        (any_frame(2, 1, b"\xff" * 14), "1 type 2 not decodable"),
    ],
)
def test_broken_frames_are_named(octets: bytes, text: str) -> None:
    assert describe_frame(octets).startswith(text)


PIECES = st.one_of(
    st.sampled_from(sorted(FRAMES.values())),
    st.builds(any_frame, st.integers(0, 255), st.integers(0, 65535), st.binary(max_size=20)),
)


@settings(max_examples=50)
@given(
    header=st.booleans(),
    frames=st.lists(PIECES, max_size=6),
    rest=st.binary(max_size=6),
    cuts=st.lists(st.integers(0, 300)),
)
def test_however_it_is_cut_the_octets_are_those_that_were_sent(
    header: bool, frames: list[bytes], rest: bytes, cuts: list[int]
) -> None:
    octets = (b"AMQP\x00\x00\x09\x01" if header else b"") + b"".join(frames) + rest
    transcript = Transcript(new_decoder)
    edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    for first, last in itertools.pairwise(edges):
        transcript.record(1, ">", octets[first:last])
    lines = transcript.lines()
    assert b"".join(line.octets for line in lines) == octets
    assert transcript.counts() == (len(octets), 0)
    whole = [line.octets for line in lines if "no whole frame" not in line.text]
    expected = ([b"AMQP\x00\x00\x09\x01"] if header else []) + frames
    assert whole[: len(expected)] == expected


def test_connections_and_directions_are_kept_apart() -> None:
    transcript = Transcript(new_decoder)
    sent, received = FRAMES["2 body b'abc'"], FRAMES["0 heartbeat"]
    transcript.record(1, ">", sent[:5])
    transcript.record(2, ">", received)
    transcript.record(1, "<", received)
    transcript.record(1, ">", sent[5:])
    shown = [(line.connection, line.direction, line.text) for line in transcript.lines()]
    assert shown == [(2, ">", "0 heartbeat"), (1, "<", "0 heartbeat"), (1, ">", "2 body b'abc'")]
    assert transcript.counts() == (len(sent) + len(received), len(received))
    assert str(transcript.lines()[0]).endswith("ms  #2 > 0 heartbeat")


def test_what_is_cut_off_at_the_end_is_shown() -> None:
    transcript = Transcript(new_decoder)
    transcript.record(1, "<", b"HTTP/1.1")
    assert [line.text for line in transcript.lines()] == ["8 octets that are no whole frame"]


def test_a_new_example_begins_with_nothing() -> None:
    transcript = Transcript(new_decoder)
    transcript.record(1, ">", FRAMES["0 heartbeat"])
    transcript.clear()
    assert transcript.lines() == []
    assert transcript.counts() == (0, 0)


def test_a_runaway_transcript_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "MAX_OCTETS", 20)
    transcript = Transcript(new_decoder)
    transcript.record(1, ">", b"x" * 15)
    assert not transcript.truncated
    transcript.record(1, ">", b"x" * 6)
    assert transcript.truncated
    assert transcript.counts() == (15, 0)
    transcript.clear()
    assert not transcript.truncated
