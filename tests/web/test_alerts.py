"""Episodes, and their CSV."""

import csv
import io

from web.alerts import COLUMNS, Alert, Alerts, as_csv
from web.causes import CAUSES, Limits, Reading

STALE, CURRENCY, FEES, SKEW, REAL = CAUSES


def test_an_episode_keeps_its_worst_and_ends_once() -> None:
    alerts = Alerts(Limits(10, 20))
    for frame, (bps, cause) in enumerate([(12, FEES), (18, FEES), (15, FEES), (8, FEES), (6, None), (4, None)]):
        alerts.watch("BTC-USD", Reading(bps, bps, bps, bps), cause, now=100 + frame, frame=frame)
    (alert,) = alerts.all
    assert (alert.symbol, alert.began, alert.ended, alert.apart) == ("BTC-USD", 100, 104, 18)
    assert alert.words == "18.0 of 20 bps"
    assert [each.number for each in alerts.since(3)] == [1]
    assert alerts.since(4) == []


def test_what_turns_out_to_be_real_is_called_real() -> None:
    alerts = Alerts(Limits(10, 20))
    alerts.watch("BTC-USD", Reading(40, 40, 18, 18), FEES, now=1, frame=1)
    alerts.watch("BTC-USD", Reading(35, 35, 35, 35), REAL, now=2, frame=2)
    (alert,) = alerts.all
    assert (alert.cause, alert.apart, alert.words) == (REAL, 40, "15.0 bps beyond fees")


def test_a_silent_feed_is_one_alert_whatever_the_number_of_its_symbols() -> None:
    alerts = Alerts(Limits(10, 20))
    stale = Reading(15, stale="Kraken")
    for step in range(50):
        now = 100 + step / 5
        alerts.watch_feed("Kraken", is_silent=step > 2, now=now, frame=step)
        for n in range(5):
            alerts.watch(f"S{n}-USD", Reading(15 + n, stale="Kraken"), STALE, now=now, frame=step)
    (alert,) = alerts.all
    assert (alert.symbol, alert.venue, alert.cause, alert.apart) == (None, "Kraken", STALE, 19)
    assert alert.words == "S4-USD 19.0 bps"
    alerts.watch_feed("Kraken", is_silent=False, now=120, frame=60)
    alerts.watch("S0-USD", stale, None, now=120, frame=60)
    assert [each.ended for each in alerts.all] == [120]


def test_an_episode_ends_when_a_silent_feed_explains_it() -> None:
    alerts = Alerts(Limits(10, 20))
    alerts.watch("BTC-USD", Reading(15, 15, 15, 15), FEES, now=1, frame=1)
    alerts.watch_feed("Kraken", is_silent=True, now=5, frame=2)
    alerts.watch("BTC-USD", Reading(25, stale="Kraken"), STALE, now=5, frame=2)
    of_symbol, of_feed = alerts.all
    assert (of_symbol.cause, of_symbol.apart, of_symbol.ended) == (FEES, 15, 5)
    assert (of_feed.venue, of_feed.apart, of_feed.ended) == ("Kraken", 25, None)


def test_a_single_quiet_symbol_is_an_alert_of_its_own_after_a_while() -> None:
    alerts = Alerts(Limits(10, 20))
    for step in range(20):
        alerts.watch("BTC-USD", Reading(15, stale="Kraken"), STALE, now=100 + step / 5, frame=step)
    (alert,) = alerts.all
    assert (alert.symbol, alert.cause) == ("BTC-USD", STALE)
    assert alert.began >= 102


def test_what_is_below_the_threshold_opens_nothing() -> None:
    alerts = Alerts(Limits(10, 20))
    alerts.watch("BTC-USD", Reading(8, 8, 8, 8), FEES, now=1, frame=1)
    assert not alerts.all


def test_only_the_newest_alerts_are_kept() -> None:
    alerts = Alerts(Limits(10, 20))
    for step in range(2_500):
        alerts.watch(f"S{step}-USD", Reading(15, 15, 15, 15), FEES, now=step, frame=step)
    assert len(alerts.all) == 1_000
    assert alerts.all[-1].number == 2_500


def test_no_cell_of_the_csv_begins_like_a_formula() -> None:
    hostile = [
        Alert(1, 0.0, "=HYPERLINK(1)", "@venue", 1.0, REAL, "+4.2 bps"),
        Alert(2, 86_400.5, "-1", None, 2.0, STALE, 'a "quoted", word\nand a line', ended=86_401.25),
    ]
    rows = list(csv.reader(io.StringIO(as_csv(hostile))))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == ["1970-01-01T00:00:00.000Z", "", "'=HYPERLINK(1)", "'@venue", "1.00", "Real", "'+4.2 bps"]
    assert rows[2][:3] == ["1970-01-02T00:00:00.500Z", "1970-01-02T00:00:01.250Z", "'-1"]
    assert rows[2][-1] == 'a "quoted", word\nand a line'
