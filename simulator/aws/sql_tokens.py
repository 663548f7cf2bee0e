r"""SQL as tokens, so that no rule mistakes a quoted text or a comment for a word of the language.

For example, tokens("select 'a -- b' from \"t\" -- end") are: select, 'a -- b', from, "t".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<string>'(?:[^']|'')*')
      | (?P<double>"(?:[^"]|"")*")
      | (?P<backtick>`(?:[^`]|``)*`)
      | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d][\w$@]*)
      | (?P<character>.)""",
    re.VERBOSE | re.DOTALL,
)


class Refused(Exception):
    """A statement that Athena refuses, or that no rule of the local Athena knows; the message is for its author."""


_OPENING, _CLOSING = ("(", "[", "<"), (")", "]", ">")


@dataclass(frozen=True)
class Token:
    kind: str
    """The kind of token: string, double, backtick, number, word or (any other) character."""
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in lower case; empty if the token is not a word."""
        return self.text.lower() if self.kind == "word" else ""


def tokens(sql: str) -> list[Token]:
    """The tokens of a statement, without white space and comments.

    Raises:
        Refused: the quotation of a text or a name never ends.
    """
    return list(_tokens(sql))


def _tokens(sql: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(sql):
        if match.lastgroup == "character" and match[0] in "'\"`":
            raise Refused(f"mismatched input: the quotation that begins with {sql[match.start() :][:30]!r} never ends")
        if match.lastgroup and match.lastgroup != "space":
            yield Token(match.lastgroup, match[0], match.start(), match.end())


class Reader:
    """Reads a statement from left to right; raises Refused if it does not match the grammar that is expected."""

    def __init__(self, sql: str, found: list[Token]) -> None:
        self._sql = sql
        self._tokens = found
        self._at = 0

    def accept(self, words: str) -> bool:
        """Skip these words or characters if they are next, and say whether they were: `accept("if not exists")`."""
        wanted = words.split()
        here = self._tokens[self._at : self._at + len(wanted)]
        if [token.word or token.text for token in here] != wanted:
            return False
        self._at += len(wanted)
        return True

    def accept_any(self, *choices: str) -> str:
        """Skip the first of the choices that is next, and return it; empty if none is."""
        return next((choice for choice in choices if self.accept(choice)), "")

    def expect(self, words: str) -> None:
        if not self.accept(words):
            raise Refused(f"mismatched input {self.next_text()!r}: expecting {words.upper()!r}")

    def at_end(self) -> bool:
        return self._at == len(self._tokens)

    def expect_end(self) -> None:
        if not self.at_end():
            raise Refused(f"mismatched input {self.next_text()!r}: expecting the end of the statement")

    def next_text(self) -> str:
        return self._sql[self._tokens[self._at].start :][:40] if not self.at_end() else "the end of the statement"

    def take(self, *kinds: str) -> Token:
        """Read the next token, which must be of one of these kinds."""
        if self.at_end() or self._tokens[self._at].kind not in kinds:
            raise Refused(f"mismatched input {self.next_text()!r}: expecting {' or '.join(kinds)}")
        self._at += 1
        return self._tokens[self._at - 1]

    def string(self) -> str:
        """Read a quoted text, and return its value."""
        return self.take("string").text[1:-1].replace("''", "'")

    def parts(self) -> list[str]:
        """Read brackets, and return the texts between their commas: `(a, b(c, d))` -> `a`, `b(c, d)`."""
        self.expect("(")
        found, depth, first = [], 0, self._at
        while depth or not self.next_is(")"):
            token = self.take("string", "double", "backtick", "number", "word", "character")
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
            if token.text == "," and depth == 0:
                found.append(self._text(first, self._at - 1))
                first = self._at
        found.append(self._text(first, self._at))
        self.expect(")")
        return found

    def until(self, word: str) -> str:
        """Read up to `word`, or to the end, and return that text unchanged."""
        first = self._at
        while not self.at_end() and self._tokens[self._at].word != word:
            self._at += 1
        return self._text(first, self._at)

    def rest(self) -> str:
        """Read the rest, at least one token, and return it unchanged."""
        if self.at_end():
            raise Refused("mismatched input: the statement ends too early")
        found = self._text(self._at, len(self._tokens))
        self._at = len(self._tokens)
        return found

    def next_is(self, text: str) -> bool:
        return not self.at_end() and self._tokens[self._at].text == text

    def statement_text(self) -> str:
        """The whole statement, without comments around it and without its final semicolon."""
        return self._text(0, len(self._tokens))

    def _text(self, first: int, last: int) -> str:
        if first == last:
            raise Refused(f"mismatched input {self.next_text()!r}: something is missing before it")
        return self._sql[self._tokens[first].start : self._tokens[last - 1].end]


def statement_reader(sql: str) -> Reader:
    """A reader of the only statement in `sql`, with or without a final semicolon."""
    found = tokens(sql)
    if found and found[-1].text == ";":
        found.pop()
    if any(token.text == ";" for token in found):
        raise Refused(f"Only one sql statement is allowed. Got: {sql.strip()[:80]}")
    return Reader(sql, found)
