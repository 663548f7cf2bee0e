import pytest

from lakehouse.printable import printable, without_password


@pytest.mark.parametrize(
    "text",
    ["\x1b[2J\x1b]0;title\x07", "a\nerror: b", "a\rb", "\u202eabc", "\u2028", "\x9b31m", "\ud800", "\x00"],
    ids=ascii,
)
def test_no_control_characters_are_left(text: str) -> None:
    shown = printable(f"before {text} after")
    assert shown.isprintable()
    assert shown.startswith("before ")
    assert shown.endswith(" after")


def test_a_long_text_is_cut_and_says_so() -> None:
    assert printable("a" * 10**6, 50) == "a" * 49 + "…"
    assert printable("a" * 50, 50) == "a" * 50


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://api.binance.com", "https://api.binance.com"),
        ("http://127.0.0.1:80/binance", "http://127.0.0.1:80/binance"),
        ("https://me:secret@exchange.test/v1", "https://exchange.test/v1"),
        ("https://me:sec@ret@exchange.test", "https://exchange.test"),
        ("https://exchange.test/v1?key=secret#secret", "https://exchange.test/v1"),
        ("me:secret@exchange.test", "exchange.test"),
        ("http://me:secret@[", "http://["),
        ("http://me:sec/ret@exchange.test", "http://exchange.test"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_a_password_in_a_message_is_left_out() -> None:
    assert printable("proxy http://me:secret@proxy.test:1 refused") == "proxy http://proxy.test:1 refused"
