"""The example works as its README says."""

import re
from pathlib import Path

import httpx
import pytest

from examples.credit_card_approval import service
from insights_tui.sdk import flush
from tests.sdk.apps import serving
from tests.sdk.conftest import Configure
from tests.sdk.fake_agent import FakeAgent

README = Path(service.__file__).with_name("README.md").read_text()


def test_a_decision_is_one_payload(agent: FakeAgent, sdk: Configure) -> None:
    body = re.search(r"-d '(\{.*\})'", README)
    assert body is not None
    with serving(service.app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        answer = client.post("/v1/decisions", content=body[1], headers={"Content-Type": "application/json"}).json()
        assert client.post("/v1/decisions", json={"income": -1}).status_code == 422
    assert flush(20)
    first, second = agent.payloads
    assert answer == {
        "approved": True, "risk_score": first["risk_score"], "request_id": first["request_id"],
    }  # fmt: skip
    assert (first["approved"], first["status"]) == (1, 200)
    assert second["status"] == 422
    shown = re.search(r"```json\n(\{.*?\})\n```", README, re.DOTALL)
    assert shown is not None
    assert set(re.findall(r'"(\w+)":', shown[1])) == first.keys()
    assert f'"risk_score": {first["risk_score"]}' in shown[1]


@pytest.mark.parametrize("module", sorted(set(re.findall(r"(?:uvicorn|python -m) ([a-z_.]+)", README))))
def test_what_the_readme_runs_exists(module: str) -> None:
    path = Path(__file__).parents[2].joinpath(*module.split("."))
    assert path.with_suffix(".py").is_file()
