"""The clients that the other tests use are the ones that contract.md §1 describes."""

import json

from tests.real.clients import PythonClient
from tests.real.recording import recorder
from tests.real.scripts import REPORT

METRICS = {"risk_score": 0.08, "approved": 1}


def test_2_0_5_sends_a_list_without_any_identity(python_2_0_5: PythonClient) -> None:
    with recorder() as server:
        python_2_0_5.run(REPORT, json.dumps(METRICS), env={"ALGORITHMIA_API": server.url})
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/insights")
    assert json.loads(request.body) == [
        {"insight_key": "risk_score", "insight_value": 0.08},
        {"insight_key": "approved", "insight_value": 1},
    ]
    assert request.headers["Content-Type"] == "application/json"
    assert "Authorization" not in request.headers


def test_2_0_5_puts_its_path_after_the_base_as_it_stands(python_2_0_5: PythonClient) -> None:
    with recorder() as server:
        python_2_0_5.run(REPORT, "{}", env={"ALGORITHMIA_API": f"{server.url}/some/prefix"})
        python_2_0_5.run(REPORT, "{}", env={"ALGORITHMIA_API": f"{server.url}/"})
    assert [request.path for request in server.requests] == ["/some/prefix/v1/insights", "//v1/insights"]
    assert [request.body for request in server.requests] == [b"[]", b"[]"]


def test_1_4_8_sends_a_plain_object(python_1_4_8: PythonClient) -> None:
    with recorder() as server:
        python_1_4_8.run(REPORT, json.dumps(METRICS), env={"ALGORITHM_QUEUE_READER_URL": server.url})
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/insights")
    assert json.loads(request.body) == METRICS
