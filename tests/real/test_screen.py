"""In a real terminal of 80x24: the connection made by keys alone, and a client's report seen to arrive."""

from collections.abc import Callable

from tests.kafka_cluster import Cluster
from tests.real.clients import PythonClient
from tests.real.consumers import hold
from tests.real.scripts import REPORT
from tests.support import AgentProcess, Terminal
from tests.support.agent_process import COMMAND
from tests.support.connect import USER, wait_delivered

FOCUS = "▌"


def fill(terminal: Terminal, label: str, text: str, shown: str | None = None) -> None:
    """Wait for the focus on a field, type, wait until it stands there, and go on to the next."""
    terminal.wait_for(f"{FOCUS}{label}")
    terminal.type(text)
    terminal.wait_for(shown or text[-20:])
    terminal.keys("Tab")


def choose(terminal: Terminal, label: str, *options: str) -> None:
    """Wait for the focus on a choice, go right through `options` to the last, and on to the next field."""
    terminal.wait_for(f"{FOCUS}{label}")
    for option in options:
        terminal.keys("Right")
        terminal.wait_for(f"(•) {option}")
    terminal.keys("Tab")


def test_connect_by_keys_then_see_a_report_arrive(
    agent: AgentProcess,
    kafka: Cluster,
    topic: str,
    new_terminal: Callable[..., Terminal],
    python_2_0_5: PythonClient,
) -> None:
    terminal = new_terminal([COMMAND], env=agent.env)
    terminal.wait_for("NOT CONNECTED")
    terminal.keys("c")
    fill(terminal, "Topic name", topic)
    fill(terminal, "Kafka broker URL(s)", kafka.sasl_ssl)
    choose(terminal, "Connection type", "SASL/SCRAM")
    choose(terminal, "SASL mechanism", "SCRAM-SHA-512")
    fill(terminal, "Kafka broker username", USER)
    password = kafka.users[USER]
    fill(terminal, "Kafka broker password", password, shown="•" * len(password))
    fill(terminal, "CA certificate", str(kafka.ca_file))
    terminal.keys("C-s")
    terminal.wait_for("● CONNECTED")

    python_2_0_5.run(REPORT, '{"risk_score": 0.2}', env={"ALGORITHMIA_API": agent.url})
    shown = terminal.wait_for("accepted 1 = queued 0 + in flight 0 + retrying 0 + delivered 1 + lost 0 ✓")
    assert "SCRAM-SHA-512 over TLS" in shown
    assert password not in shown
    (record,) = kafka.read_all(topic, count=1)
    assert hold(record)["risk_score"] == 0.2
    wait_delivered(agent, 1)

    terminal.keys("q")
    terminal.wait_for(lambda _: terminal.exit_code == 0)
    assert agent.snapshot()["state"] == "connected"  # an attached screen goes, the agent stays


def test_the_screen_names_a_frozen_kafka_and_sees_it_come_back(
    agent: AgentProcess, kafka: Cluster, topic: str, new_terminal: Callable[..., Terminal]
) -> None:
    answer = agent.request(
        "POST",
        "/v1/admin/insights-connection?check=require",
        json={"connection_type": "kafka_unauthenticated_plaintext", "broker_url": kafka.plaintext, "topic": topic},
    )
    assert answer.is_success, answer.text
    terminal = new_terminal([COMMAND], env=agent.env)
    terminal.wait_for("● CONNECTED")
    kafka.freeze(1)
    assert agent.request("POST", "/v1/insights", json={"while_frozen": 1}).is_success
    terminal.wait_for("DEGRADED", timeout_s=40)
    terminal.wait_for("delivered 0 + lost 0 ✓")
    kafka.thaw(1)
    terminal.wait_for("● CONNECTED", timeout_s=40)
    terminal.wait_for("delivered 1 + lost 0 ✓")
