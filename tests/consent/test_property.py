"""consent.md's invariants, held by the whole platform to a small oracle through thousands of interleavings.

====  ==================================================================================================
  1   ``Checks.stored`` (nothing void in a view), ``read``: "sees too much"; ``at_rest``: neither too little
  2   ``Checks.stored``, ``read``, ``keys`` (all keys ever given open nothing that was void at its place)
  3   ``Checks.decided_alike``, ``stored`` (by the prefix that a view has read), ``rebuilt``
  4   ``ConsentMachine._read_at_once`` after ``withdraw``, ``narrow``, ``refuse``; every ``read``
  5   ``ConsentMachine.narrow``: "narrowing added something"; ``test_invariants.test_5``
  6   rules ``refuse`` and ``lift``, held to the oracle by ``read`` and ``_sent_rightly``
  7   rule ``give`` with and without history, held to the oracle by ``read`` and ``_sent_rightly``
  8   erasure: tested with the backups, not here
  9   ``Checks._disclosed``, ``_refused`` (the reader's disk at the moment of the answer); ``test_invariants.test_9``
 10   rules ``again``, ``die``, ``rebuild``; a view built anew at the end
 11   ``Checks.nothing_own_lost``, ``_own``
 12   the oracle decides scope by scope; ``test_invariants.test_12``
 13   lines with the purpose ``reporting``, held to the oracle by ``read`` and ``_sent_rightly``
 14   ``Checks._nothing_else``; ``test_invariants.test_14``
 15   ``test_invariants.test_15``
 16   ``Checks.rebuilt``
 17   ``Checks._look_the_same_outside``, ``nothing_on_the_log_tells``, ``ask_for_all_keys``; ``test_invariants.test_17``
====  ==================================================================================================

Publishing ("exactly those", epochs): ``_sent_rightly``, ``exactly_those``. Waiting: ``ConsentMachine.step`` while the
authority is away. What a recipient says it has removed, what is withheld, what the client is told: ``at_rest``.
"""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.consent.machine import ConsentMachine

EXAMPLES = int(os.environ.get("CONSENT_EXAMPLES", "200"))
"""Each of up to 50 steps: for a long night, say more (``make faults``)."""

EXAMPLES_ON_SERVERS = int(os.environ.get("CONSENT_EXAMPLES_ON_SERVERS", "6"))
"""Of as many steps: they take twenty times as long."""

SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=50,
    deadline=None,
    print_blob=True,  # what is printed on a failure repeats it
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes: add Phase.shrink when there is something to shrink
    report_multiple_bugs=False,
    suppress_health_check=tuple(HealthCheck),
)
ON_SERVERS = settings(SETTINGS, max_examples=EXAMPLES_ON_SERVERS)


def test_consent_holds_whatever_happens_in_whatever_order(in_files: type[ConsentMachine]) -> None:
    run_state_machine_as_test(in_files, settings=SETTINGS)


def test_consent_holds_on_postgresql_and_kafka_too(on_servers: type[ConsentMachine]) -> None:
    """A database for each organisation, and a topic of several partitions between them."""
    run_state_machine_as_test(on_servers, settings=ON_SERVERS)
