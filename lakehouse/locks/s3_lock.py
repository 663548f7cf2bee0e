"""One writer at a time across machines: a lease on an object in S3, taken and renewed by conditional writes.

The object is `{"host": …, "pid": 12, "token": …, "renewals": 3}`, or `{}` when the lock is free. Every write states
which version it replaces (`If-Match`) or that there is none (`If-None-Match: *`), so S3 accepts only one of two
simultaneous writes. The holder renews the lease; if the holder is killed, the lease expires. Ages are measured by S3's
clock only.

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
"""How long other writers must wait after a holder was killed."""

_REFUSED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


@contextmanager
def s3_lock(s3: Any, bucket: str, key: str, what: str, *, lease: timedelta = LEASE) -> Iterator[None]:
    """Hold the lock `s3://bucket/key`.

    Args:
        s3: a boto3 client, which must give up an attempt well before a quarter of the lease is over.
        bucket: the bucket of the lock's object.
        key: the key of that object.
        what: the thing that is written, for messages.
        lease: how long the right to write lasts without renewal.

    Raises:
        ConcurrentWriter: another process holds the lock, or this one lost it because it could not be renewed in time,
            for example while the machine slept. In that case the body was interrupted as if by Ctrl-C.
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
    """Let SIGINT interrupt the main thread even if it is ignored, as in a process that a script starts with `&`."""
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
        """Renew the lease until `done`; interrupts the main thread if the lock is lost."""
        pause = self.lease.total_seconds() / 4
        renewed_at = time.monotonic()
        while not self.done.wait(pause):
            self.renewals += 1
            sent_at = time.monotonic()
            with suppress(BotoCoreError, ClientError):  # the next renewal may get through
                if not self._write(self._ours(), {"IfMatch": self.etag}):
                    break
                renewed_at = sent_at
            # another attempt might not end before the lease does
            if time.monotonic() - renewed_at > self.lease.total_seconds() / 2:
                break
        else:
            return
        self.lost = True
        os.kill(os.getpid(), signal.SIGINT)  # wakes the main thread, whatever it is waiting for

    def free(self) -> None:
        if not self.lost:
            with suppress(BotoCoreError, ClientError):  # then the lease expires
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
        """Whether S3 accepted the write; False if another process was faster."""
        try:
            response = self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=json.dumps(content), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSED:
                raise
            # a response was lost: of this write, which boto3 has sent again, or of the renewal before it
            found = self._read()
            if found is None or found.content.get("token") != self.token:
                return False
            self.etag = found.etag
            return found.content == content or self._write(content, {"IfMatch": found.etag})
        self.etag = response["ETag"]
        return True

    def _read(self) -> "_Found | None":
        try:
            response = self.s3.get_object(Bucket=self.bucket, Key=self.key)
        except self.s3.exceptions.NoSuchKey:
            return None
        now = parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"])
        return _Found(json.loads(response["Body"].read()), response["ETag"], now - response["LastModified"])

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
        """Whole seconds, at least one, until the lease expires without renewal; S3 gives times in whole seconds."""
        return int(max(timedelta(), lease - self.age).total_seconds()) + 1
