"""Pack what the Glue jobs run into `build/glue`: the code, the libraries, and the script that Glue starts.

    python -m infrastructure.deploy.package

    schemahub-<digest>.zip                  folders of the project, as they are here
    glue_job-<digest>.py                    glue_job.py
    libraries-<digest>.gluewheels.zip       the pinned wheels, for Glue's Python and Linux

A name identifies the content, so an existing package need not be packed or uploaded again. Glue installs a zip of
wheels without a package index: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html,
read 2026-11-24.
"""

import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.errors import SchemaHubError, TerminalError
from schemahub.settings import PROJECT

FOLDER = PROJECT / "build" / "glue"

PYTHON = "3.11"
"""The Python version of Glue 5.1."""
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_DATA = ("config", "dbt_project")
_LEFT_OUT = {"__pycache__", "target", "logs", "dbt_packages"}
_SAME_TIME = (2020, 1, 1, 0, 0, 0)  # otherwise a zip of the same files would differ from day to day


class PackageFailed(TerminalError):
    """The package can't be built."""


@dataclass(frozen=True)
class Package:
    """The files to upload to the bucket. The digests are parameters of the stack."""

    folder: Path
    code_digest: str
    libraries_digest: str

    @property
    def code(self) -> Path:
        return self.folder / f"schemahub-{self.code_digest}.zip"

    @property
    def script(self) -> Path:
        return self.folder / f"glue_job-{self.code_digest}.py"

    @property
    def libraries(self) -> Path:
        return self.folder / f"libraries-{self.libraries_digest}.gluewheels.zip"

    @property
    def files(self) -> tuple[Path, ...]:
        return self.code, self.script, self.libraries


def pack_code(folder: Path = FOLDER) -> Package:
    """Pack the code, and determine the name of the libraries' package."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {path.relative_to(PROJECT).as_posix(): path.read_bytes() for path in _code()}
    digest = _digest(*(part for name, content in files.items() for part in (name.encode(), content)))
    requirements = "\n".join([PYTHON, *_PLATFORMS, *_dependencies(), _constraints().read_text()])
    package = Package(folder, digest, _digest(requirements.encode()))
    with zipfile.ZipFile(package.code, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _SAME_TIME), content, zipfile.ZIP_DEFLATED)
    package.script.write_bytes(files["infrastructure/job/glue_job.py"])
    return package


def pack_libraries(package: Package) -> None:
    """Download the wheels with pip and pack them, unless that was done before; raises PackageFailed.

    This takes about 15 seconds, and 180 MB of disk space.
    """
    if package.libraries.exists():
        return
    with tempfile.TemporaryDirectory(dir=package.folder) as work:
        wheels = Path(work, "wheels")
        _download(wheels)
        names = sorted(path.name.split("-") for path in wheels.glob("*.whl"))
        (wheels / "requirements.txt").write_text("".join(f"{name}=={version}\n" for name, version, *_ in names))
        part = Path(work, "part.zip")
        with zipfile.ZipFile(part, "w") as archive:  # wheels are already compressed
            for path in sorted(wheels.iterdir()):
                archive.write(path, f"wheels/{path.name}")
        part.rename(package.libraries)


def _download(wheels: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    target = ["--python-version", PYTHON, "--implementation", "cp"]
    platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
    constraints = ["--constraint", str(_constraints()), "--dest", str(wheels)]
    done = subprocess.run(
        [*pip, *target, *platforms, *constraints, *_dependencies()], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise PackageFailed(f"the libraries of the Glue jobs can't be fetched from the package index: {reason}")


def _code() -> Iterator[Path]:
    packages = _pyproject()["tool"]["setuptools"]["packages"]
    for name in sorted({name.split(".")[0] for name in packages} | set(_DATA)):
        for path in sorted((PROJECT / name).rglob("*")):
            if path.is_file() and not _LEFT_OUT & set(path.relative_to(PROJECT).parts):
                yield path


def _dependencies() -> list[str]:
    dependencies: list[str] = _pyproject()["project"]["dependencies"]
    return dependencies


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())


def _constraints() -> Path:
    return PROJECT / "constraints.txt"


def _digest(*parts: bytes) -> str:
    # with lengths, so that no two lists of parts give the same digest
    return hashlib.sha256(b"".join(b"%d:%s" % (len(part), part) for part in parts)).hexdigest()[:12]


def main() -> None:
    try:
        package = pack_code()
        pack_libraries(package)
    except SchemaHubError as error:
        sys.exit(f"error: {error}")
    for file in package.files:
        print(f"{file.stat().st_size / 1e6:8.1f} MB  {file.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
