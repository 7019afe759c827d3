"""What the engine's tests share."""

from collections.abc import Iterator

import pytest

from tests.engine.cluster import MockCluster


@pytest.fixture
def mock_cluster() -> Iterator[MockCluster]:
    """Three brokers inside this process."""
    cluster = MockCluster()
    yield cluster
    cluster.close()
