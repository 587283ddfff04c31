"""Mutants of what becomes of records."""

from tests.mutants.mutant import Mutant

PRODUCED = "kafka.core.appending:append_produced"
RECORDS = "kafka.core.appending:_check_records"
STAMP = "kafka.record.batches:stamp"
PLACE = "kafka.record.batches:place"
PLAIN = "kafka.record.records:_scan_plain"
ANY = "kafka.record.records:_any_record"

MUTANTS = [
    Mutant(
        "records-empty-value-becomes-null",
        PRODUCED,
        "stored = StoredBatch(read_header(octets), octets)",
        "octets = bytes(octets)\n"
        "    if octets.endswith(bytes((0, 0))):\n"
        "        octets = stamp(octets[:-2] + bytes((1, 0)), 0, latest)\n"
        "    stored = StoredBatch(read_header(octets), octets)",
        kills=("kafka.records.null-and-empty",),
    ),
    Mutant(
        "records-empty-keys-are-refused",
        PLAIN,
        "if key != 1:",
        "if key == 0:\n"
        "                raise InvalidRecord('a key without octets')\n"
        "            if key != 1:",
        kills=("kafka.records.null-and-empty",),
    ),
    Mutant(
        "records-one-header-only",
        "kafka.record.records:_skip_headers",
        "if count < 0:",
        "if count < 0 or count > 1:",
        kills=("kafka.records.headers",),
    ),
    Mutant(
        "records-short-varints-only",
        "kafka.record.records:_Cursor.read_varint",
        "shift += 7",
        "shift += 6",
        kills=("kafka.records.any-octets",),
    ),
    Mutant(
        "records-times-of-the-broker",
        PRODUCED,
        "if settings.timestamp_type == LOG_APPEND_TIME:",
        "if settings.timestamp_type == LOG_APPEND_TIME or header.record_count > 2:",
        kills=("kafka.records.create-time",),
    ),
    Mutant(
        "records-max-timestamp-as-sent",
        PRODUCED,
        "header.max_timestamp != latest",
        "False",
        kills=("kafka.records.max-timestamp",),
    ),
    Mutant(
        "records-max-timestamp-of-the-last",
        PLAIN,
        "if time > last:",
        "if True:",
        kills=("kafka.records.max-timestamp",),
    ),
    Mutant(
        "records-log-append-time-is-not-marked",
        STAMP,
        "attributes |= TIMESTAMP_TYPE",
        "attributes |= 0",
        kills=("kafka.records.log-append-time",),
    ),
    Mutant(
        "records-log-append-time-is-not-told",
        PRODUCED,
        "log_append_time_ms = now_ms",
        "log_append_time_ms = latest",
        kills=("kafka.records.log-append-time",),
    ),
    Mutant(
        "records-any-time-ahead",
        RECORDS,
        "first <= earliest and latest <= last",
        "first <= earliest",
        kills=("kafka.records.too-far-ahead",),
    ),
    Mutant(
        "records-window-twice-as-wide",
        RECORDS,
        "now_ms + settings.after_max_ms",
        "now_ms + 3 * settings.after_max_ms",
        kills=("kafka.records.too-far-ahead",),
    ),
    Mutant(
        "records-no-gzip",
        "kafka.record.compression:decompress",
        "if header.compression >= len(COMPRESSIONS):",
        "if header.compression == 1:",
        kills=("kafka.records.compression",),
    ),
    Mutant(
        "records-compression-is-undone",
        "kafka.core.appending:_recompressed",
        "if codec is None or codec == batch.header.compression:",
        "codec = codec or 0\n    if codec == batch.header.compression:",
        kills=("kafka.records.codec-is-kept",),
    ),
    Mutant(
        "records-unknown-codecs-pass",
        PRODUCED,
        "raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR, str(error)) from None",
        "payload = batch.octets[61:]",
        kills=("kafka.records.unknown-codec",),
    ),
    Mutant(
        "records-undecodable-pass",
        PRODUCED,
        "latest = _check_records(header, payload, settings, now_ms, partition)",
        "latest = _check_records(header, payload, settings, now_ms, partition) if payload else 0",
        kills=("kafka.records.undecodable",),
        more=(
            (
                "kafka.record.compression:_gunzip",
                "decompressor = zlib.decompressobj(wbits=31)",
                "if payload[:2] != bytes((31, 139)):\n"
                "        return b''\n"
                "    decompressor = zlib.decompressobj(wbits=31)",
            ),
        ),
    ),
    Mutant(
        "records-checksum-of-the-old-time",
        STAMP,
        "_U32.pack(crc32c(bytes(covered)))",
        "octets[_CRC_AT:_ATTRIBUTES_AT]",
        kills=("kafka.records.max-timestamp", "kafka.records.log-append-time"),
    ),
    Mutant(
        "records-last-octet-is-cut",
        PLACE,
        "octets[_MAGIC_AT:],",
        "bytes(octets[_MAGIC_AT:-1]) + bytes(1) if octets[-1] else octets[_MAGIC_AT:],",
        kills=("kafka.records.octets-unchanged",),
    ),
    Mutant(
        "records-base-offset-of-the-last",
        PRODUCED,
        "octets = place(octets, log.end_offset, log.leader_epoch)",
        "octets = place(octets, log.end_offset, log.leader_epoch)\n"
        "    if header.record_count > 1:\n"
        "        header = header._replace(record_count=1)\n"
        "        log.end_offset += 1\n"
        "        octets = place(octets, log.end_offset, log.leader_epoch)",
        kills=("kafka.records.offsets-in-a-batch", "kafka.ordering.contiguous"),
    ),
    Mutant(
        "records-lengths-unchecked",
        ANY,
        "if cursor.position != end:\n"
        '        raise InvalidRecord(f"a record of {length} octets that ends '
        '{cursor.position - end} on")\n'
        "    return end,",
        "return cursor.position,",
        kills=("kafka.records.malformed",),
    ),
]
