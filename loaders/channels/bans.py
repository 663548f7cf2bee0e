"""Bans: until when an exchange refuses requests, remembered from one run to the next.

    <work folder>/bans/binance.json   {"https://api.binance.com": {"until": "2026-01-05T12:00:00", "reason": "…"}}

If the file is lost, or can't be read or written, that costs one request.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

LONGEST = timedelta(days=3)
"""The longest ban of Binance, the strictest exchange. After that time a request is sent again, whatever the exchange
said."""


class Ban(msgspec.Struct, frozen=True):
    """`until` is UTC without a zone; `reason` is what the exchange said."""

    until: datetime
    reason: str


_bans = msgspec.json.Decoder(dict[str, Ban])


@dataclass(frozen=True)
class Bans:
    """The ban of one address of an exchange; `file` keeps the bans of all its addresses."""

    file: Path
    address: str

    def standing(self, now: datetime) -> Ban | None:
        """The ban that is in force at `now`, UTC without a zone; None if there is none."""
        ban = self._read().get(self.address)
        # a ban that ends later than any real one was written while the clock was wrong
        return ban if ban is not None and now < ban.until <= now + LONGEST else None

    def remember(self, ban: Ban) -> None:
        """Save the ban next to those of other addresses."""
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            part = self.file.with_suffix(".part")
            part.write_bytes(msgspec.json.encode({**self._read(), self.address: ban}))
            part.replace(self.file)

    def _read(self) -> Mapping[str, Ban]:
        try:
            bans = _bans.decode(self.file.read_bytes())
        except (OSError, msgspec.MsgspecError):
            return {}
        return {address: ban for address, ban in bans.items() if ban.until.tzinfo is None}
