"""The seal: what is changed does not open, what is signed by another does not hold, sizes tell little."""

import contextlib
import dataclasses
import os
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent import sealing
from consent.keys import LOCATOR_BYTES
from consent.sealing import (
    CONSENT_CHANGE,
    FACT,
    NONCE_BYTES,
    PARTS_ROUNDED_TO,
    SIGNED_TOGETHER,
    SIZE_CLASSES,
    Envelope,
    SealBroken,
    SignatureBroken,
    Signer,
    TooLarge,
    Verifier,
    locator_of,
    open_part,
    pad,
    record_id,
    seal_parts,
    unpad,
    unseal,
)
from events.codec import MAX_FACT_BYTES
from events.shared_log import Record
from events.structs import replaced

KEY = b"k" * 32
SIGNING = {name: Ed25519PrivateKey.generate() for name in ("social", "provider")}
OLD_KEY = Ed25519PrivateKey.generate().public_key()


@dataclasses.dataclass
class Keys:
    asked: int = 0

    def public_keys(self, organisation: str) -> list[Ed25519PublicKey]:
        self.asked += 1
        return [OLD_KEY, SIGNING[organisation].public_key()]


def envelope(n: int = 0, body: bytes = b"body", kind: int = FACT) -> Envelope:
    return Envelope(record_id(f"{n:032x}", 1), "c1" * 16, 1_669_788_000_000_000 + n, os.urandom(LOCATOR_BYTES), kind, body)


def sealed(*envelopes: Envelope, signer: str = "social") -> list[Record]:
    return Signer(signer, SIGNING[signer]).seal(envelopes, [KEY] * len(envelopes))


def check(record: Record, source: str = "social") -> bytes:
    inside, root = unseal(record, KEY)
    Verifier(Keys()).check(inside, root, source)
    return inside.body


def flipped(record: Record, at: int) -> Record:
    data = bytearray(record.data)
    data[at] ^= 1
    return replaced(record, data=bytes(data))


# The seal


TAMPERED: dict[str, Callable[[Record], Record]] = {
    "id": lambda r: replaced(r, id="0" * 32),
    "subject": lambda r: replaced(r, subject="c2" * 16),
    "time": lambda r: replaced(r, time=r.time + 1),
    "first of the locator": lambda r: flipped(r, 0),
    "last of the locator": lambda r: flipped(r, LOCATOR_BYTES - 1),
    "first of the nonce": lambda r: flipped(r, LOCATOR_BYTES),
    "last of the nonce": lambda r: flipped(r, LOCATOR_BYTES + NONCE_BYTES - 1),
    "first of the content": lambda r: flipped(r, LOCATOR_BYTES + NONCE_BYTES),
    "last of the padding": lambda r: flipped(r, len(r.data) - 17),
    "tag": lambda r: flipped(r, len(r.data) - 1),
    "cut by one": lambda r: replaced(r, data=r.data[:-1]),
    "longer by one": lambda r: replaced(r, data=r.data + b"\0"),
    "only a locator": lambda r: replaced(r, data=r.data[:LOCATOR_BYTES]),
    "half a nonce": lambda r: replaced(r, data=r.data[: LOCATOR_BYTES + 5]),
    "empty": lambda r: replaced(r, data=b""),
}


def test_what_was_sealed_opens() -> None:
    (record,) = sealed(envelope(body=b"a fact"))
    assert check(record) == b"a fact"


@pytest.mark.parametrize("part", TAMPERED)
def test_a_record_changed_anywhere_does_not_open(part: str) -> None:
    (record,) = sealed(envelope())
    with pytest.raises(SealBroken):
        unseal(TAMPERED[part](record), KEY)


def test_another_key_does_not_open() -> None:
    (record,) = sealed(envelope())
    with pytest.raises(SealBroken):
        unseal(record, b"x" * 32)


def sealed_by_hand(plaintext: bytes) -> Record:
    """A record under the right key with whatever inside, as only a party to the key could make it."""
    bare = envelope()
    nonce = os.urandom(NONCE_BYTES)
    data = bare.locator + nonce + sealing._aead(KEY).encrypt(nonce, plaintext, bare.authenticated)
    return Record(bare.id, bare.subject, bare.time, data)


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"no length",
        pad(b"no message"),
        pad(msgspec.msgpack.encode(["0", "social", b"", 0, b"", b""])),
        pad(msgspec.msgpack.encode([300, "social", b"", 0, b"", b""])),
        pad(msgspec.msgpack.encode([-1, "social", b"", 0, b"", b""])),
        pad(msgspec.msgpack.encode([7, "social", b"", 0, b"", b""])),
    ],
    ids=["empty", "unpadded", "no message", "wrong types", "no such kind", "negative kind", "unknown kind"],
)
def test_nonsense_under_the_right_key_is_a_broken_seal(plaintext: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(sealed_by_hand(plaintext), KEY)


def test_the_locator_of_a_record_too_short_to_have_one_is_filled_up() -> None:
    assert locator_of(Record("1" * 32, "c1" * 16, 1, b"short")) == b"short" + bytes(11)
    assert locator_of(Record("1" * 32, "c1" * 16, 1, bytes(range(40)))) == bytes(range(16))


# The signature


def test_a_record_that_names_another_source_than_its_epoch_is_not_signed() -> None:
    (record,) = sealed(envelope(), signer="provider")
    with pytest.raises(SignatureBroken):
        check(record, source="social")


def test_a_record_that_its_source_signed_in_anothers_name_is_not_signed() -> None:
    (record,) = Signer("provider", SIGNING["social"]).seal([envelope()], [KEY])
    with pytest.raises(SignatureBroken):
        check(record, source="social")


def test_a_record_that_calls_itself_anothers_is_not_signed() -> None:
    (record,) = Signer("social", SIGNING["provider"]).seal([envelope()], [KEY])
    with pytest.raises(SignatureBroken):
        check(record, source="social")


@pytest.mark.parametrize("size", [*range(1, 10), 64, 500])
def test_each_record_of_a_batch_is_verified_by_itself(size: int) -> None:
    records = sealed(*(envelope(n, body=str(n).encode()) for n in range(size)))
    keys = Keys()
    verifier = Verifier(keys)
    for n, record in enumerate(records):
        inside, root = unseal(record, KEY)
        verifier.check(inside, root, "social")
        assert inside.body == str(n).encode()
    assert keys.asked == -(-size // SIGNED_TOGETHER), "what is signed together is verified once"


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"another"},
        {"kind": CONSENT_CHANGE},
        {"index": 1},
        {"path": b""},
        {"path": bytes(96)},
        {"signature": bytes(64)},
        {"signature": b""},
    ],
    ids=lambda c: next(iter(c)),
)
def test_what_the_source_did_not_sign_does_not_hold(change: dict[str, object]) -> None:
    """A recipient knows the key too: only the signature tells who wrote."""
    records = sealed(*(envelope(n) for n in range(5)))
    inside, _ = unseal(records[2], KEY)
    nonce, bound = os.urandom(NONCE_BYTES), records[2].data[:LOCATOR_BYTES]
    authenticated = sealing.authenticated(records[2].id, records[2].subject, records[2].time, bound)
    content = sealing._aead(KEY).encrypt(nonce, pad(msgspec.msgpack.encode(replaced(inside, **change))), authenticated)
    with pytest.raises(SignatureBroken):
        check(replaced(records[2], data=bound + nonce + content))


def test_a_signature_does_not_move_to_another_record() -> None:
    """The leaf binds id, subject, time and locator."""
    (record,) = sealed(envelope(1))
    inside, _ = unseal(record, KEY)
    moved = envelope(2)
    nonce = os.urandom(NONCE_BYTES)
    content = sealing._aead(KEY).encrypt(nonce, pad(msgspec.msgpack.encode(inside)), moved.authenticated)
    with pytest.raises(SignatureBroken):
        check(Record(moved.id, moved.subject, moved.time, moved.locator + nonce + content))


def test_nothing_to_seal_is_nothing() -> None:
    assert sealed() == []


# Sizes


@pytest.mark.parametrize("size_class", SIZE_CLASSES)
def test_content_fills_a_size_class_up_to_its_last_byte(size_class: int) -> None:
    full = os.urandom(size_class - 4)
    assert len(pad(full)) == len(pad(full[:-1])) == size_class
    assert unpad(pad(full)) == full and unpad(pad(full[:-1])) == full[:-1]
    if size_class < SIZE_CLASSES[-1]:
        assert len(pad(full + b"x")) > size_class


def test_more_than_the_largest_class_is_too_large() -> None:
    with pytest.raises(TooLarge):
        pad(bytes(SIZE_CLASSES[-1] - 3))


def test_facts_of_like_sizes_look_the_same() -> None:
    lengths = {len(r.data) for r in sealed(*(envelope(n, bytes(n * 10)) for n in range(50)))}
    assert len(lengths) == 1


def test_the_largest_fact_that_may_be_written_can_be_sealed() -> None:
    records = sealed(*(envelope(n, os.urandom(MAX_FACT_BYTES) if n == 0 else b"") for n in range(500)))
    assert len(check(records[0])) == MAX_FACT_BYTES


def test_a_record_id_says_nothing_of_the_fact_and_is_of_one_epoch() -> None:
    assert record_id("fa" * 16, 1) == record_id("fa" * 16, 1)
    assert len({record_id("fa" * 16, 1), record_id("fa" * 16, 2), record_id("fb" * 16, 1), "fa" * 16}) == 4
    assert record_id("fa" * 16, 11) != record_id("fa" * 16 + "1", 1)


# The parts of a consent change


def part_key(n: int) -> bytes:
    return bytes([n]) * 32


def test_each_party_opens_its_own_part_and_no_other() -> None:
    body = seal_parts([(part_key(n), f"for {n}".encode()) for n in range(3)])
    assert [open_part(body, part_key(n)) for n in range(3)] == [b"for 0", b"for 1", b"for 2"]
    assert open_part(body, part_key(9)) is None


@pytest.mark.parametrize(("parties", "parts"), [(1, 4), (3, 4), (4, 4), (5, 8), (8, 8), (9, 12)])
def test_the_number_of_parts_is_rounded_up(parties: int, parts: int) -> None:
    body = seal_parts([(part_key(n), b"told") for n in range(parties)])
    assert PARTS_ROUNDED_TO == 4
    assert len(msgspec.msgpack.decode(body)) == parts


def test_all_parts_are_of_one_size() -> None:
    body = seal_parts([(part_key(0), os.urandom(3000)), (part_key(1), b"short")])
    assert {len(p) for p in msgspec.msgpack.decode(body)} == {NONCE_BYTES + 4096 + 16}


def test_the_place_of_a_part_does_not_tell_whose_it_is() -> None:
    def place() -> int:
        body = seal_parts([(part_key(n), bytes([n])) for n in range(4)])
        return [open_part(msgspec.msgpack.encode([p]), part_key(0)) for p in msgspec.msgpack.decode(body)].index(b"\0")

    assert len({place() for _ in range(60)}) > 1


@pytest.mark.parametrize("body", [b"", b"nonsense", msgspec.msgpack.encode([b"", b"short"]), msgspec.msgpack.encode("x")])
def test_a_body_that_is_no_parts_is_a_broken_seal_or_holds_none(body: bytes) -> None:
    with contextlib.suppress(SealBroken):
        assert open_part(body, part_key(0)) is None


def test_a_consent_between_everybody_about_everything_can_be_sealed() -> None:
    """Seven organisations, fourteen categories: 588 scopes are told to the client in one part."""
    lines = [
        f'{{"category":"trial_work","purpose":"service_coordination","recipient":"organisation-number-{n % 7}",'
        f'"source":"organisation-number-{n % 6}"}}'
        for n in range(588)
    ]
    parts = [(part_key(n), ",".join(lines[: None if n == 0 else 168]).encode()) for n in range(8)]
    (record,) = sealed(envelope(body=seal_parts(parts), kind=CONSENT_CHANGE))
    assert open_part(check(record), part_key(0)) == parts[0][1]
