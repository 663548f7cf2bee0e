"""The command line on a lake in S3, each call in a process of its own, which may start from a warm Python."""

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lakehouse.lake import Lake, identifier
from simulator.aws.local_athena import LocalAthena
from tests.support.lakes import LakeHome
from tests.support.lost_answers import Answer, lost_answers
from tests.support.warm_python import can_be_warm, warm_python

SECRET = "wJalrXUtnFEMIsecretKEY"
"""The secret key, which must not occur in the command line's output."""


@dataclass(frozen=True)
class Cli:
    home: LakeHome
    environment: dict[str, str]

    def __call__(self, *arguments: str, status: int = 0) -> str:
        command = ["-m", "schemahub.cli", *arguments]
        if can_be_warm(self.environment):
            finished = warm_python().run(command, environment=self.environment, folder=Path.cwd(), timeout=300)
        else:
            finished = subprocess.run(
                [sys.executable, *command],
                env=self.environment, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
        output = finished.stdout + finished.stderr
        assert finished.returncode == status, output
        assert SECRET not in output
        return output

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "schemahub.cli", *arguments]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )

    def killed(self, athena: LocalAthena, statement: str, *arguments: str) -> None:
        """Run a command, and kill it when it has started a statement with this text, before it gets the response.

        Then let its lease in S3 lapse, which really takes minutes.
        """

        def kill(operation: str, request: Answer, _: Answer) -> None:
            if operation == "StartQueryExecution" and statement in request["QueryString"]:
                run.send_signal(signal.SIGKILL)
                run.wait()

        with lost_answers(athena.endpoint, kill) as endpoint:
            run = Cli(self.home, {**self.environment, "AWS_ENDPOINT_URL_ATHENA": endpoint}).start(*arguments)
            assert run.wait(timeout=300) == -signal.SIGKILL
        self.home.let_leases_lapse()

    @property
    def lake(self) -> Lake:
        return self.home.open()

    def trades(self) -> int:
        """The number of rows of trades_unified, which has no duplicates."""
        rows = self.lake.catalog.load_table(identifier("trades_unified")).scan().to_arrow()
        keys = rows.group_by(["exchange", "symbol", "trade_id"]).aggregate([])
        assert keys.num_rows == rows.num_rows
        return int(rows.num_rows)

    def snapshots(self) -> dict[str, int]:
        names = ("trades_unified", "trades_1m_versions", "unified_loads", "raw_binance_trades")
        return {name: len(self.lake.catalog.load_table(identifier(name)).metadata.snapshots) for name in names}
