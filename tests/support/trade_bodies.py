"""Response bodies with trades, as each exchange sends them."""


def kraken_page(*rows: str, last: str = "1") -> bytes:
    return f'{{"error":[],"result":{{"XXBTZUSD":[{",".join(rows)}],"last":"{last}"}}}}'.encode()


SOUND = {
    "binance": '{{"id":{id},"price":{price},"qty":"0.5","time":{time},"isBuyerMaker":true}}',
    "bitstamp": '{{"date":{time},"tid":{id},"price":{price},"type":"0","amount":"0.5"}}',
    "bybit": '{{"execId":{id},"price":{price},"size":"0.5","side":"Buy","time":{time},"isBlockTrade":false}}',
    "coinbase": '{{"trade_id":{id},"price":{price},"size":"0.5","time":{time},"side":"buy"}}',
    "gemini": '{{"timestampms":{time},"tid":{id},"price":{price},"amount":"0.5","type":"buy"}}',
    "kraken": '[{price},"0.5",{time},"b","l","",{id}]',
    "okx": '{{"instId":"X","tradeId":{id},"px":{price},"sz":"0.5","side":"buy","ts":{time}}}',
}


TIMES = {
    "binance": "1767571200000",
    "bitstamp": '"1767571200"',
    "bybit": '"1767571200000"',
    "coinbase": '"2026-01-05T00:00:00Z"',
    "gemini": "1767571200000",
    "kraken": "1767571200.0",
    "okx": '"1767571200000"',
}
NEWEST_FIRST = ("bitstamp", "bybit", "coinbase", "gemini", "okx")
AROUND = {"bybit": '{{"retCode":0,"result":{{"list":{}}}}}', "okx": '{{"code":"0","msg":"","data":{}}}'}


def body_of(exchange: str, *rows: dict[str, str]) -> bytes:
    """An exchange's JSON body whose rows have these ids, prices and times; missing ones get valid values."""
    texts = [
        SOUND[exchange].format(**{"id": place, "price": '"1.25"', "time": TIMES[exchange], **row})
        for place, row in enumerate(rows, start=7)
    ]
    if exchange == "kraken":
        return kraken_page(*texts)
    page = f"[{','.join(texts[::-1] if exchange in NEWEST_FIRST else texts)}]"
    return AROUND.get(exchange, "{}").format(page).encode()
