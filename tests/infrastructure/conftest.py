"""An AWS account on this machine for each test, and a stack in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.deploy.package import Package, pack_code
from infrastructure.deploy.stack import STACK, bring_up
from tests.infrastructure import moto_account
from tests.infrastructure.moto_account import Account, use


@pytest.fixture(scope="session")
def shared_account() -> Iterator[Account]:
    with moto_account.running() as account:
        yield account


@pytest.fixture
def account(shared_account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An empty account, which boto3 finds through the environment."""
    use(shared_account, monkeypatch)
    return shared_account


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The real code, and a few bytes instead of the libraries, which would need a package index."""
    package = pack_code(tmp_path_factory.mktemp("glue"))
    package.libraries.write_bytes(b"wheels")
    return package


@pytest.fixture
def stack(account: Account, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account with the stack as `make aws-bootstrap` creates it; its lake is s3://<BUCKET>/lake."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bring_up(STACK, {}, package, dry_run=False)
    account.recorder.requests.clear()
    return account
