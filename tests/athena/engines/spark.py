"""Spark in a process of its own, with the settings that `schemahub spark-conf` prints.

    answers = ask_spark(printed, {"trades": "select * from schemahub.schemahub.trades_unified"}, tmp_path / "spark")

The printed text is used unchanged as the file that it is meant for. Only the source of the packages differs: Maven has
fetched them before. Nothing outlives the call, and Spark writes only to the folder.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.athena.engines.spark_jars import jars

_PROGRAM = Path(__file__).with_name("spark_program.py")
_JAVA_VERSIONS = (17, 21)
_TIMEOUT_S = 180


@dataclass(frozen=True)
class Answer:
    """The result of a statement: rows and Spark's names for their types, or an error."""

    types: Mapping[str, str]
    error: str
    rows: pa.Table | None

    def column(self, name: str) -> list[Any]:
        assert self.rows is not None, self.error
        values: list[Any] = self.rows[name].to_pylist()
        return values


def ask_spark(
    conf: str, statements: Mapping[str, str], folder: Path, *, environment: Mapping[str, str] = os.environ
) -> dict[str, Answer]:
    """Run the statements one after the other, and return each one's answer under its name.

    Raises:
        RuntimeError: Java or the jars are missing, or Spark did not start; the message says what to do.
    """
    _check_java()
    folder.mkdir()
    (folder / "spark-defaults.conf").write_text(conf)
    (folder / "statements.json").write_text(json.dumps(statements))
    (packages,) = re.findall(r"^spark\.jars\.packages (.+)$", conf, re.MULTILINE)
    finished = subprocess.run(
        [sys.executable, "-P", str(_PROGRAM), *map(str, jars(packages.split(",")))],
        env={**environment, "SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": "127.0.0.1"},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if finished.returncode:
        raise RuntimeError(f"Spark ended with status {finished.returncode}; its last words: {finished.stderr[-2000:]}")
    return {
        name: Answer(answer["types"], answer["error"], _rows(folder / f"{name}.arrow"))
        for name, answer in json.loads((folder / "answers.json").read_text()).items()
    }


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else "java"
    if shutil.which(java) is None:
        raise RuntimeError(f"Spark needs Java 17 or 21, and there is no {java!r}; install one, or set JAVA_HOME")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) not in _JAVA_VERSIONS:
        raise RuntimeError(f"Spark needs Java 17 or 21, and {java!r} is {said.splitlines()[0]}; set JAVA_HOME to one")


def _rows(file: Path) -> pa.Table | None:
    return pa.ipc.open_file(file).read_all() if file.exists() else None
