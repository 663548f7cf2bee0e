"""One writer at a time, over an object in S3: a lease, taken and renewed by conditional writes.

The object is `{"host": …, "pid": 12, "token": …, "renewals": 3}`, or `{}` when it is free. Whoever writes it says which
version it replaces (`If-Match`) or that there is none (`If-None-Match: *`), so of two at once S3 lets one through. A
holder renews it; when one is killed, its lease lapses. Ages are told by S3's clock alone.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html, read 2026-11-24.
"""

import json
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ..errors import ConcurrentWriter

LEASE = timedelta(minutes=2)
"""How long a holder that was killed keeps others waiting."""

_REFUSED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


@contextmanager
def s3_lock(s3: Any, bucket: str, key: str, what: str, *, lease: timedelta = LEASE) -> Iterator[None]:
    """Hold the lock `s3://bucket/key`.

    Args:
        s3: boto3's client; it must give up an attempt well before a quarter of the lease is over.
        bucket: where the lock's object is.
        key: of that object.
        what: what is written, for messages.
        lease: for how long a holder that is not heard of keeps its right.

    Raises:
        ConcurrentWriter: another process holds it; or it was taken from us, because it could not be renewed in time,
            for example while the machine slept. Then the body was interrupted as by Ctrl-C.
    """
    lock = _Lock(s3, bucket, key, what, lease)
    lock.take()
    renewing = threading.Thread(target=lock.keep, daemon=True)
    renewing.start()
    try:
        with _interruptible():
            yield
    except KeyboardInterrupt:
        lock.raise_if_lost()
        raise
    finally:
        lock.done.set()
        renewing.join()
        lock.free()
    lock.raise_if_lost()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGINT interrupt the main thread also where it is ignored, as in what a shell script starts with `&`."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@dataclass
class _Lock:
    s3: Any
    bucket: str
    key: str
    what: str
    lease: timedelta
    etag: str = ""
    renewals: int = 0
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    lost: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def take(self) -> None:
        found = self._read()
        condition = {"IfNoneMatch": "*"} if found is None else {"IfMatch": found.etag}
        if found is not None and found.is_held(self.lease):
            raise self._held_by(found)
        if not self._write(self._ours(), condition):
            raise self._held_by(self._read())

    def keep(self) -> None:
        """Renew until `done`; interrupts the main thread where the lock is lost."""
        pause = self.lease.total_seconds() / 4
        renewed_at = time.monotonic()
        while not self.done.wait(pause):
            self.renewals += 1
            asked_at = time.monotonic()
            with suppress(BotoCoreError, ClientError):  # the next renewal may get through
                if not self._write(self._ours(), {"IfMatch": self.etag}):
                    break
                renewed_at = asked_at
            # a further attempt could end after the lease
            if time.monotonic() - renewed_at > self.lease.total_seconds() / 2:
                break
        else:
            return
        self.lost = True
        os.kill(os.getpid(), signal.SIGINT)  # wakes the main thread from whatever it waits for

    def free(self) -> None:
        if not self.lost:
            with suppress(BotoCoreError, ClientError):  # then it runs out
                self._write({}, {"IfMatch": self.etag})

    def raise_if_lost(self) -> None:
        if self.lost:
            raise ConcurrentWriter(
                f"the right to write `{self.what}` could not be renewed in time, so the work was stopped; run it again"
            )

    def _ours(self) -> dict[str, Any]:
        return {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "token": self.token,
            "renewals": self.renewals,
        }

    def _write(self, content: dict[str, Any], condition: dict[str, str]) -> bool:
        """Whether S3 took it; False where somebody else was faster."""
        try:
            answer = self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=json.dumps(content), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSED:
                raise
            # an answer was lost: of this write, which boto3 has sent again, or of the renewal before it
            found = self._read()
            if found is None or found.content.get("token") != self.token:
                return False
            self.etag = found.etag
            return found.content == content or self._write(content, {"IfMatch": found.etag})
        self.etag = answer["ETag"]
        return True

    def _read(self) -> "_Found | None":
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=self.key)
        except self.s3.exceptions.NoSuchKey:
            return None
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return _Found(json.loads(answer["Body"].read()), answer["ETag"], now - answer["LastModified"])

    def _held_by(self, found: "_Found | None") -> ConcurrentWriter:
        holder = found.holder if found else "unknown"
        seconds = found.seconds_left(self.lease) if found else int(self.lease.total_seconds())
        return ConcurrentWriter(
            f"`{self.what}` is being written by another process ({holder}) in s3://{self.bucket}; wait until it ends, "
            f"or stop it, and run this again; if it was killed, its right to write ends in {seconds} s"
        )


@dataclass(frozen=True)
class _Found:
    content: dict[str, Any]
    etag: str
    age: timedelta

    @property
    def holder(self) -> str:
        return f"pid {self.content.get('pid')} on {self.content.get('host')}"

    def is_held(self, lease: timedelta) -> bool:
        return bool(self.content) and self.age <= lease

    def seconds_left(self, lease: timedelta) -> int:
        """Whole seconds, at least one, until the lease lapses if nobody renews it; S3 tells times in whole seconds."""
        return int(max(timedelta(), lease - self.age).total_seconds()) + 1
