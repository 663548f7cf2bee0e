"""`schemahub live` as a person runs it: how it ends, what it prints, and what it refuses."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator.exchanges
from simulator.exchanges import RunningSimulator
from tests.support.command_line import Cli, error_line, landed_ids, ledger, leftovers
from tests.support.live_lake import environment_for, start, wait_until

SUMMARY = re.compile(r"([0-9,]+) trades landed in 0:00:[0-9]{2}, 0 of them over REST; 0 reconnects; no hole is open")


@pytest.fixture(scope="module")
def exchanges() -> Iterator[RunningSimulator]:
    """Exchanges whose market's time passes, as much as half a minute in a second."""
    with simulator.exchanges.running(trades=60_000, enforce_limits=False, speed=30, shown=0.1) as running:
        yield running


def listen(exchanges: RunningSimulator, lake: Path, *options: str) -> "subprocess.Popen[str]":
    opened = exchanges.streams().get("coinbase", {}).get("opened", 0)
    process = start(environment_for(exchanges, lake), "live", "--exchanges", "coinbase,kraken", *options)
    wait_until(lambda: exchanges.streams().get("coinbase", {}).get("opened", 0) > opened)
    time.sleep(2)
    return process


def landed(lake: Path) -> int:
    """The number of trades landed, which must be there once, without a hole, and in the ledger."""
    total = 0
    for exchange in ("coinbase", "kraken"):
        ids = landed_ids(lake, exchange)
        assert set(ids.values()) == {1}
        for symbol in {symbol for symbol, _ in ids}:
            found = [trade_id for each, trade_id in ids if each == symbol]
            assert max(found) - min(found) + 1 == len(found)
        total += len(ids)
    assert sum(row["row_count"] for row in ledger(lake)) == total
    assert leftovers(lake) == []
    return total


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lands_what_is_in_hand_and_ends_well(
    exchanges: RunningSimulator, tmp_path: Path, number: signal.Signals
) -> None:
    process = listen(exchanges, tmp_path / "lake", "--every", "3600")
    process.send_signal(number)
    said, complained = process.communicate(timeout=60)
    assert (process.returncode, complained) == (0, "")
    summary = SUMMARY.fullmatch(said.splitlines()[-1])
    assert summary is not None, said
    assert int(summary[1].replace(",", "")) == landed(tmp_path / "lake") > 0


def test_a_second_ctrl_c_ends_at_once(exchanges: RunningSimulator, tmp_path: Path) -> None:
    process = listen(exchanges, tmp_path / "lake", "--every", "3600")
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, complained = process.communicate(timeout=20)
    assert process.returncode == 130
    assert complained == "stopped; what was landed until then is complete, and the next run continues from there\n"


@pytest.mark.slow
def test_it_ends_by_itself_and_prints_a_line_for_each_exchange_now_and_then(
    exchanges: RunningSimulator, tmp_path: Path
) -> None:
    process = listen(exchanges, tmp_path / "lake", "--every", "1", "--for", "6s")
    said, complained = process.communicate(timeout=60)
    assert (process.returncode, complained) == (0, "")
    *lines, summary = said.splitlines()
    assert SUMMARY.fullmatch(summary)
    for exchange in ("coinbase", "kraken"):
        of_exchange = [line for line in lines if line.startswith(f"  {exchange}")]
        assert len(of_exchange) >= 3
        assert re.search(r"[1-9][0-9,]* trades landed +[0-9,.]+ a second   newest .* ago$", of_exchange[-1])
    assert len({row["load_id"] for row in ledger(tmp_path / "lake")}) >= 4
    landed(tmp_path / "lake")


def test_it_fails_when_no_exchange_is_left(cli: Cli, tmp_path: Path) -> None:
    finished = cli(
        "live", "--exchanges", "kraken", lake=tmp_path / "lake", SCHEMAHUB_KRAKEN_STREAM_URL="ws://127.0.0.1:9"
    )
    assert error_line(finished).startswith("kraken can't be reached at ws://127.0.0.1:9")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--for", "soon"), "--for is 'soon'; expected how long, such as 60s, 5m or 2h"),
        (("--every", "0"), "live_every: expected a number of seconds above 0, found '0'"),
        (("--since", "soon"), "since is 'soon'; expected a time such as"),
        (("--exchanges", "krakn"), "did you mean `kraken`?"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused_in_one_line(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in error_line(cli("live", *arguments, lake=tmp_path / "lake"))
    assert not (tmp_path / "lake").exists()


def test_an_address_of_a_stream_is_checked_and_shown_without_a_password(cli: Cli, tmp_path: Path) -> None:
    wrong = "http://user:secret@example.org"
    finished = cli("live", "--exchanges", "kraken", lake=tmp_path / "lake", SCHEMAHUB_KRAKEN_STREAM_URL=wrong)
    line = error_line(finished)
    assert "SCHEMAHUB_KRAKEN_STREAM_URL is" in line
    assert "expected an address that begins with ws:// or wss://" in line
    assert "secret" not in line
