"""`schemahub` where the machine has no semaphores: `python -m infrastructure.job.without_semaphores run unify …`.

A Lambda function has no /dev/shm, so that creating a lock between processes fails with "Function not implemented"
(https://github.com/dbt-labs/dbt-core/issues/2992). dbt and its thread pool create such locks and use them only
between threads, for which a thread lock suffices. Remove this when dbt uses thread locks.
"""

import threading
from multiprocessing.context import BaseContext

from schemahub.cli import main as schemahub


def use_thread_locks() -> None:
    """Make multiprocessing create locks that work between threads only."""
    BaseContext.Lock = lambda _: threading.Lock()  # type: ignore[assignment,method-assign,return-value]
    BaseContext.RLock = lambda _: threading.RLock()  # type: ignore[assignment,method-assign,return-value]


def main() -> None:
    use_thread_locks()
    schemahub()


if __name__ == "__main__":
    main()
