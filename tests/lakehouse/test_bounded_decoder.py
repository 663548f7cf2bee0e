"""Damaged manifests and manifest lists raise an error that can be caught, and never crash the process."""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import ManifestFile, read_manifest_list
from pyiceberg.table.snapshots import Snapshot

from lakehouse.guards.bounded_decoder import bounded_decoder
from lakehouse.lake import identifier
from tests.support.lakes import local_home
from tests.support.landing_program import RAW
from tests.support.landings import land_up_to

IO = PyArrowFileIO()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The snapshot of a raw table after one load."""
    lake = local_home(tmp_path_factory.mktemp("damaged")).open()
    land_up_to(lake, 20)
    found = lake.catalog.load_table(identifier(RAW.name)).current_snapshot()
    assert found is not None
    return found


def path_of(address: str) -> Path:
    return Path(address.removeprefix("file://"))


def manifest_of(snapshot: Snapshot) -> ManifestFile:
    (manifest,) = snapshot.manifests(IO)
    return manifest


def test_an_undamaged_file_is_read_as_it_was_written(snapshot: Snapshot) -> None:
    (entry,) = manifest_of(snapshot).fetch_manifest_entry(IO)
    assert entry.data_file.record_count == 40


@pytest.mark.parametrize("after_header", [-1_000_000, -400, -10, -1, 1, 2, 3, 20, 40])
def test_a_truncated_file_is_not_mistaken_for_a_complete_one(snapshot: Snapshot, after_header: int) -> None:
    manifest = manifest_of(snapshot)
    reads: list[tuple[str, Callable[[], object]]] = [
        (snapshot.manifest_list, lambda: list(read_manifest_list(IO.new_input(snapshot.manifest_list)))),
        (manifest.manifest_path, lambda: manifest.fetch_manifest_entry(IO)),
    ]
    for address, read in reads:
        content = path_of(address).read_bytes()
        sync = content[-16:]  # the marker that ends the header and each block
        path_of(address).write_bytes(content[: max(5, content.index(sync) + len(sync) + after_header)])
        try:
            with pytest.raises((ValueError, EOFError)):
                read()
        finally:
            path_of(address).write_bytes(content)


@pytest.mark.parametrize("seed", range(40))
def test_a_file_whose_bytes_were_changed_is_read_or_refused(snapshot: Snapshot, seed: int) -> None:
    chance = random.Random(seed)
    path = path_of(manifest_of(snapshot).manifest_path)
    content = path.read_bytes()
    changed = bytearray(content)
    begin = chance.randrange(len(changed))
    for at in range(begin, min(len(changed), begin + chance.choice((1, 8, 400)))):
        changed[at] = chance.randrange(256)
    manifest = manifest_of(snapshot)
    path.write_bytes(bytes(changed))
    with suppress(Exception):  # any exception will do: it can be reported
        manifest.fetch_manifest_entry(IO)
    path.write_bytes(content)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.lists(st.sampled_from(["int", "bytes", "utf8", "skip", "ints", "dict"]), max_size=6))
def test_no_bytes_make_the_decoder_read_beyond_their_end(data: bytes, steps: list[str]) -> None:
    decoder = bounded_decoder(data)
    try:
        for step in steps:
            match step:
                case "int":
                    decoder.read_int()
                case "bytes":
                    assert len(decoder.read_bytes()) <= len(data)
                case "utf8":
                    decoder.read_utf8()
                case "skip":
                    decoder.skip_bytes()
                case "ints":
                    decoder.read_ints(decoder.read_int())
                case "dict":
                    decoder.read_int_bytes_dict(decoder.read_int(), {})
            assert decoder.tell() <= len(data) + 10
    except (ValueError, EOFError, UnicodeDecodeError):
        pass
