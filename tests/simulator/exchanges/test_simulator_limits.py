import pytest

import simulator.exchanges
from simulator.exchanges.budgets import TokenBucket, WeightWindow


@pytest.fixture(scope="module")
def strict():
    with simulator.exchanges.running(trades=1_000) as running:
        yield running


@pytest.mark.parametrize(("scale", "weight"), [(1, 20), (10, 2)])
def test_binance_reports_the_weight_used_of_its_documented_limit(client, scale, weight):
    with simulator.exchanges.running(trades=1_000, limit_scale=scale) as running:
        url = running.urls["binance"] + "/api/v3/exchangeInfo"
        before, after = (int(client.get(url).headers["X-MBX-USED-WEIGHT-1M"]) for _ in range(2))
    # A new minute may have begun between the two.
    assert after - before == weight or after == weight


def test_binance_responds_with_429_and_bans_clients_that_continue(strict, client):
    url = strict.urls["binance"] + "/api/v3/exchangeInfo"
    responses = [client.get(url)]
    while responses[-1].status_code != 418 and len(responses) < 1_000:
        responses.append(client.get(url))
    statuses = [response.status_code for response in responses]
    assert statuses == sorted(statuses, key=[200, 429, 418].index)
    assert statuses.count(200) >= 300
    refused = responses[statuses.index(429)]
    assert refused.json()["code"] == -1003
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert int(refused.headers["X-MBX-USED-WEIGHT-1M"]) == 6000
    banned = responses[-1]
    assert banned.headers["Retry-After"] == "120"
    assert "IP banned until" in banned.json()["msg"]


def test_coinbase_lets_a_burst_pass_and_responds_with_429_without_retry_after(strict, client):
    responses = [client.get(strict.urls["coinbase"] + "/products") for _ in range(60)]
    assert [response.status_code for response in responses[:15]] == [200] * 15
    refused = next(response for response in responses if response.status_code == 429)
    assert list(refused.json()) == ["message"]
    assert "Retry-After" not in refused.headers


def test_kraken_refuses_inside_http_200_for_each_pair_separately(strict, client):
    def ask(pair):
        return client.get(strict.urls["kraken"] + "/0/public/Trades", params={"pair": pair})

    answers = [ask(pair) for pair in ("XBTUSD", "XBT/USD", "XXBTZUSD", "ETHUSD")]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [answer.json()["error"] for answer in answers] == [[], [], ["EGeneral:Too many requests"], []]


def test_limits_can_be_scaled(client):
    with simulator.exchanges.running(trades=1_000, limit_scale=100) as running:
        url = running.urls["kraken"] + "/0/public/Trades?pair=XBTUSD"
        assert all(client.get(url).json()["error"] == [] for _ in range(20))


def test_a_bucket_is_refilled_when_it_is_used():
    bucket = TokenBucket(rate=10, burst=15)
    assert [bucket.take("client", 0) for _ in range(16)] == [True] * 15 + [False]
    assert [bucket.take("client", 0.1) for _ in range(2)] == [True, False]
    assert [bucket.take("client", 100) for _ in range(16)] == [True] * 15 + [False]
    assert bucket.take("another client", 0)


def test_a_weight_window_starts_again_each_minute():
    window = WeightWindow(limit=100)
    assert window.spend("client", 100, 10).status == 200
    refused = window.spend("client", 1, 20.5)
    assert (refused.status, refused.retry_after_s, refused.used) == (429, 40, 100)
    assert window.spend("client", 100, 60).status == 200


def test_a_client_that_waits_is_never_banned():
    window = WeightWindow(limit=1)
    now_s = 0.0
    for _ in range(50):
        window.spend("client", 1, now_s)
        refused = window.spend("client", 1, now_s)
        assert refused.status == 429
        now_s += refused.retry_after_s


def test_bans_grow_and_end():
    window = WeightWindow(limit=1)
    now_s, bans = 0.0, []
    for _ in range(3):
        window.spend("client", 1, now_s)
        while (verdict := window.spend("client", 1, now_s)).status == 429:
            pass
        bans.append(verdict.retry_after_s)
        now_s += verdict.retry_after_s
    assert bans == [120, 240, 480]
    assert window.spend("client", 1, now_s).status == 200
