"""A release in a bucket, as a store of the real protocol keeps it: moto serves S3 from this machine's memory."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from tipcore.errors import UsageError
from tipdata.release import Release, locate_release, make_release, verify_release
from tipdata.release import release as stored_module
from tipdata.release.release import VARIABLE, StoredRelease

pytest.importorskip("s3fs", reason="needs the extra s3")
server_of = pytest.importorskip("moto.server", reason="needs the extra s3-server")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server of S3 with an empty bucket, which the environment names."""
    from s3fs import S3FileSystem

    running = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv(VARIABLE, "s3://bucket/tipbench")
    S3FileSystem.clear_instance_cache()
    stored_module._listings.clear()
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/bucket", method="PUT")).close()
    yield running
    running.stop()
    S3FileSystem.clear_instance_cache()


def test_a_release_is_made_in_a_bucket_verified_and_read_there(server: Any, two: Release) -> None:
    stored = locate_release(two)
    assert isinstance(stored, StoredRelease)
    make_release(stored, engine="sequential", quiet=True)
    assert verify_release(stored, engine="sequential", quiet=True) == []
    local = make_release(two, engine="sequential", quiet=True)
    read = stored.scan("adverts", truth=True, regions=[1]).select("advert", "operation").collect()
    assert read.equals(local.scan("adverts", truth=True, regions=[1]).select("advert", "operation").collect())


def test_a_bucket_that_is_not_there_or_a_server_that_is_gone_is_one_sentence(
    server: Any, two: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "s3://elsewhere/tipbench")
    with pytest.raises(UsageError, match=r"^s3://elsewhere/tipbench has no bucket or folder elsewhere"):
        make_release(locate_release(two), engine="sequential", quiet=True)
    monkeypatch.setenv(VARIABLE, "s3://bucket/tipbench")
    server.stop()
    with pytest.raises(UsageError, match=r"^s3://bucket/\S+ cannot be read or written: .*credentials"):
        make_release(locate_release(two), engine="sequential", quiet=True)
