import itertools
import os

from consent.keys import LOCATOR_BYTES, Locators, derive

KEY = bytes(range(32))


def test_locators_are_read_by_who_made_them() -> None:
    locators = Locators(KEY)
    numbers = [1, 2, 2, 500, 2**40 - 1]
    assert locators.read(locators.make(numbers)) == numbers
    assert locators.read([]) == locators.make([]) == []


def test_two_locators_of_one_epoch_have_nothing_in_common() -> None:
    made = Locators(KEY).make([7] * 200)
    assert len(set(made)) == 200
    assert {len(m) for m in made} == {LOCATOR_BYTES}
    for at in range(LOCATOR_BYTES):
        assert len({m[at] for m in made}) > 50, f"byte {at} hardly changes"


def test_what_this_authority_did_not_make_is_none() -> None:
    locators = Locators(KEY)
    assert locators.read([os.urandom(LOCATOR_BYTES) for _ in range(200)]) == [None] * 200
    assert locators.read(Locators(bytes(32)).make([1, 2])) == [None, None]
    (good,) = locators.make([3])
    assert locators.read([bytes(LOCATOR_BYTES), good, b"\xff" * LOCATOR_BYTES]) == [None, 3, None]


def test_a_changed_locator_is_not_another_epochs() -> None:
    locators = Locators(KEY)
    (made,) = locators.make([9])
    changed = [made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :] for at in range(LOCATOR_BYTES)]
    assert locators.read(changed) == [None] * LOCATOR_BYTES


def test_words_of_a_context_do_not_run_together() -> None:
    contexts = [
        ("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("a", "b", "c"), ("c", "b", "a"), (), ("ä",), ("part", "x", "1"),
        ("part", "x1"),
    ]
    keys = [derive(KEY, *context) for context in contexts]
    assert len(set(keys)) == len(contexts)
    assert {len(k) for k in keys} == {32}


def test_a_key_is_of_its_root_and_always_the_same() -> None:
    assert derive(KEY, "a") == derive(KEY, "a") != derive(bytes(32), "a")
    assert all(a != b for a, b in itertools.combinations([derive(os.urandom(32), "a") for _ in range(20)], 2))
