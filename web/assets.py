"""The scripts, styles and pictures of the pages, read once and sent from memory. Pages have their styles in them.

An address with the version, `/static/<version>/live.js`, never changes its content, so a browser keeps it for good; the
version is a hash of all files, and modules that import each other by relative names stay within it. Without a version,
a browser asks each time.
"""

import base64
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_IMPORT = re.compile(rb'^(?:import|export) .*?from "\./([\w.]+)";$', re.MULTILINE)
_KEPT = {"Cache-Control": "max-age=31536000, immutable"}
_ASKED_AGAIN = {"Cache-Control": "no-cache"}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class _File:
    content: bytes
    media_type: str


class Assets:
    """The files of a folder; an ASGI app that answers with them."""

    def __init__(self, folder: Path) -> None:
        """Read all files; `folder` has no other folders in it."""
        self._files = {path.name: _File(path.read_bytes(), _type_of(path)) for path in sorted(folder.iterdir())}
        digest = hashlib.sha256()
        for name, file in self._files.items():
            digest.update(f"{name} {len(file.content)} ".encode() + file.content)
        self.version = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where a file is; raises KeyError if there is none of this name."""
        _ = self._files[name]
        return f"/static/{self.version}/{name}"

    def style(self, name: str) -> Markup:
        """What a style sheet says, to be the whole of an element `style`; raises KeyError if there is none."""
        return Markup(self._files[name].content.decode())

    @cached_property
    def style_hashes(self) -> str:
        """The sources by which a Content-Security-Policy allows these elements, and no others."""
        sheets = (file.content for name, file in self._files.items() if name.endswith(".css"))
        digests = (base64.b64encode(hashlib.sha256(sheet).digest()).decode() for sheet in sheets)
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    def modules(self, name: str) -> list[str]:
        """The addresses of all modules that a module needs, itself first: to be fetched at once, not in a chain."""
        found = [name]
        for each in found:
            imported = (match.decode() for match in _IMPORT.findall(self._files[each].content))
            found += [other for other in dict.fromkeys(imported) if other not in found]
        return [self.address(each) for each in found]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raises HTTPException if there is no such file."""
        version, _, name = scope["path"].removeprefix(scope.get("root_path", "")).strip("/").rpartition("/")
        file = self._files.get(name) if version in ("", self.version) else None
        if scope["type"] != "http" or file is None:
            raise HTTPException(404)
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        headers = _KEPT if version else _ASKED_AGAIN
        await Response(file.content, media_type=file.media_type, headers=headers)(scope, receive, send)


def _type_of(path: Path) -> str:
    return _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
