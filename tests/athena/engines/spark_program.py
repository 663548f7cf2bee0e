"""The process of `spark.py`: runs the statements of `statements.json`, and writes their answers next to it.

    python spark_program.py <jar>…      in a folder that SPARK_CONF_DIR names too

It writes `<name>.arrow` for each statement that returned rows, and to `answers.json` its types or its error.
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

FOLDER = Path.cwd()

OF_THE_TESTS = {
    "spark.jars.packages": "",
    "spark.jars": ",".join(sys.argv[1:]),
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.local.dir": str(FOLDER / "work"),
    "spark.sql.warehouse.dir": str(FOLDER / "warehouse"),
}


def main() -> None:
    spark = SparkSession.builder.master("local[1]").config(map=OF_THE_TESTS).getOrCreate()
    answers = {}
    for name, statement in json.loads((FOLDER / "statements.json").read_text()).items():
        answers[name] = {"types": {}, "error": ""}
        try:
            found = spark.sql(statement)
            rows = found.toArrow()
        except (PySparkException, Py4JJavaError) as error:
            answers[name]["error"] = str(error)
            continue
        answers[name]["types"] = dict(found.dtypes)
        with pa.OSFile(str(FOLDER / f"{name}.arrow"), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
            writer.write_table(rows)
    (FOLDER / "answers.json").write_text(json.dumps(answers))
    spark.stop()


main()
