"""Which streams are asked about over REST: those that a new connection doesn't send, and some of a silent one."""

from dataclasses import replace

from loaders.channels.listener_state import Contact
from loaders.landing.quiet import PATIENCE, QUIET, QuietStreams

CONTACT = Contact(("AAA", "BBB", "CCC", "DDD"), ("BBB", "DDD"), ready_at=100.0, heard_at=100.0)


def test_what_a_new_connection_does_not_send_is_asked_about_once() -> None:
    quiet = QuietStreams()
    assert quiet.to_ask({0: CONTACT}, 100 + PATIENCE - 1) == []
    assert quiet.to_ask({0: CONTACT}, 100 + PATIENCE) == ["BBB", "DDD"]
    assert quiet.to_ask({0: CONTACT}, 100 + PATIENCE + 1) == []
    again = replace(CONTACT, unheard=("AAA",), ready_at=120.0, heard_at=120.0)
    assert quiet.to_ask({0: again}, 121) == []
    assert quiet.to_ask({0: again}, 130) == ["AAA"]


def test_each_connection_is_looked_at_for_itself() -> None:
    other = Contact(("EEE",), ("EEE",), ready_at=103.0, heard_at=103.0)
    quiet = QuietStreams()
    assert quiet.to_ask({0: CONTACT, 1: other}, 106) == ["BBB", "DDD"]
    assert quiet.to_ask({1: other}, 109) == ["EEE"]  # the other one was lost


def test_what_is_heard_before_it_was_asked_about_need_not_be() -> None:
    quiet = QuietStreams()
    quiet.to_ask({0: CONTACT}, 110)
    assert quiet.hear("BBB", 1)
    assert not quiet.hear("BBB", 1)
    assert not quiet.hear("AAA", 1)


def test_the_busiest_streams_of_a_silent_connection_are_asked_about_again_and_again() -> None:
    quiet = QuietStreams()
    for stream, rows in (("AAA", 1), ("BBB", 10), ("CCC", 7), ("BBB", 10)):
        quiet.hear(stream, rows)
    silent = replace(CONTACT, unheard=())
    assert quiet.to_ask({0: silent}, 99 + QUIET) == []
    assert quiet.to_ask({0: silent}, 100 + QUIET) == ["BBB", "CCC"]
    assert quiet.to_ask({0: silent}, 101 + QUIET) == []
    assert quiet.to_ask({0: silent}, 100 + 2 * QUIET) == ["BBB", "CCC"]
    busy = replace(silent, heard_at=90 + 3 * QUIET)
    assert quiet.to_ask({0: busy}, 100 + 3 * QUIET) == []
