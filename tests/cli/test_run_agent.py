"""`run` beside a real agent: what the command reports, how it ended, and Insights switched off."""

import json
import sys
from collections.abc import Callable

from tests.support import AgentProcess

REPORTS = """
import os, sys, urllib.request
url = os.environ["ALGORITHMIA_API"] + "/v1/insights"
body = b'[{"insight_key": "cats_in_image", "insight_value": 3}]'
urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})).read()
sys.exit(7)
"""


def test_one_command_is_one_payload_and_none_where_insights_is_off(new_agent: Callable[[], AgentProcess]) -> None:
    agent = new_agent()
    run = ("run", "--as", "acme/cats/1.0.0", "--", sys.executable, "-c", REPORTS)
    ended = agent.cli(*run)
    assert (ended.returncode, ended.stderr) == (7, "")
    assert agent.snapshot()["counts"]["accepted"] == 1
    assert agent.cli("algorithms", "disable", "acme/cats").returncode == 0
    off = agent.cli(*run)
    assert (off.returncode, off.stderr) == (7, ""), "no word about it: an operator has turned it off"
    after = agent.snapshot()
    assert (after["counts"]["accepted"], after["refused"]["disabled"]) == (1, 1)
    (algorithm,) = json.loads(agent.cli("algorithms", "list", "--json").stdout)["algorithms"]
    assert algorithm["name"] == "cats"
