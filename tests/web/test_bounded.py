from web.bounded import Bounded


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    kept = Bounded[str](2)
    assert [kept.get(key, lambda key=key: key) for key in "ab"] == ["a", "b"]  # type: ignore[misc]
    kept.get("a", lambda: "not needed")
    kept.get("c", lambda: "c")
    assert kept.get("a", lambda: "computed again") == "a"
    assert kept.get("b", lambda: "computed again") == "computed again"


def test_the_total_size_never_exceeds_the_limit() -> None:
    kept = Bounded[bytes](100, len)
    for number in range(50):
        kept.get(number, lambda: b"x" * 30)
        assert kept.size <= 100


def test_a_value_larger_than_the_limit_is_given_and_not_kept() -> None:
    kept = Bounded[bytes](10, len)
    kept.get("small", lambda: b"12345")
    assert kept.get("large", lambda: b"x" * 11) == b"x" * 11
    assert kept.size == 5
