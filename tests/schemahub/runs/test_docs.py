"""The dbt docs site is built if it is missing, and served on 127.0.0.1 until it is stopped."""

import signal
from pathlib import Path
from threading import Thread

import httpx
import pytest

from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.local import LocalLake
from schemahub.runs import docs
from schemahub.runs.context import RunContext
from schemahub.runs.docs import build_docs, serve_docs
from schemahub.settings import load_settings
from tests.support.landings import land_up_to


def test_a_site_is_built_if_it_is_missing_or_requested_again(lake: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[list[str]] = []
    monkeypatch.setattr(docs, "run_any_dbt", lambda _, arguments, **__: built.append(arguments))
    context = RunContext(load_settings(lake=str(lake.folder)))
    with pytest.raises(LakeUnavailable, match="nothing has been landed in"):
        build_docs(context)
    land_up_to(lake, 5)
    folder = build_docs(context, only_if_missing=True)
    assert (built, folder) == ([["docs", "generate"]], lake.folder / ".schemahub" / "dbt")
    folder.mkdir(parents=True)
    (folder / "index.html").touch()
    build_docs(context, only_if_missing=True)
    assert len(built) == 1
    build_docs(context)
    assert len(built) == 2


def test_a_site_is_served_until_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the docs")
    read: list[str] = []

    def read_and_stop(url: str) -> None:
        read.append(httpx.get(url, trust_env=False).text)
        signal.raise_signal(signal.SIGINT)

    serve_docs(tmp_path, 0, ready=lambda url: Thread(target=read_and_stop, args=(url,)).start())
    assert read == ["the docs"]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    def again(url: str) -> None:
        serve_docs(tmp_path, httpx.URL(url).port or 0, ready=lambda _: None)

    with pytest.raises(Misconfigured, match=r"port [0-9]+ can't be used: Address already in use; name another"):
        serve_docs(tmp_path, 0, ready=again)
