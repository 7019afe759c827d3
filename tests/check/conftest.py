"""A certificate authority, and the side of a server that it has signed."""

import ssl
from pathlib import Path

import pytest

from tests.check.servers import server_context
from tests.kafka_cluster.certificates import Authority


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("check test CA")


@pytest.fixture
def tls(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    return server_context(authority, tmp_path)
