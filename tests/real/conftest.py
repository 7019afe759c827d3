"""The original platform's clients, installed once."""

import os
from collections.abc import Callable
from typing import NoReturn

import pytest

from tests.real.clients import CLIENTS, ClientMissingError, PythonClient, install


@pytest.fixture(scope="session")
def clients(skip_loudly: Callable[[str], NoReturn]) -> dict[str, PythonClient]:
    """Every client by its name and version; where pip cannot install them the tests skip, or fail where required."""
    try:
        return {name: install(name) for name in CLIENTS}
    except ClientMissingError as error:
        if os.environ.get("INSIGHTS_TEST_REQUIRE_KAFKA") == "1":
            pytest.fail(f"INSIGHTS_TEST_REQUIRE_KAFKA=1, but {error}", pytrace=False)
        skip_loudly(str(error))


@pytest.fixture
def python_2_0_5(clients: dict[str, PythonClient]) -> PythonClient:
    """`algorithmia` 2.0.5: `ALGORITHMIA_API`, a list of insights."""
    return clients["algorithmia-2.0.5"]


@pytest.fixture
def python_1_4_8(clients: dict[str, PythonClient]) -> PythonClient:
    """`algorithmia` 1.4.8: `ALGORITHM_QUEUE_READER_URL`, a plain object."""
    return clients["algorithmia-1.4.8"]


@pytest.fixture
def admin_1_5_5(clients: dict[str, PythonClient]) -> PythonClient:
    """`algorithmia-api-client` 1.5.5: the administration API."""
    return clients["algorithmia-api-client-1.5.5"]
