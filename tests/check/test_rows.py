"""The rows of a check: one for each address, which says both roles where a bootstrap server is a member."""

from collections.abc import Iterable

import pytest

from insights_tui.domain.check import CheckStep, Member, Role, Step, StepState
from insights_tui.domain.check_board import CheckBoard
from insights_tui.tui.checking.drawing import table_lines
from insights_tui.tui.glyphs import UNICODE
from insights_tui.tui.lines import plain

MEMBERS = (Member(1, "kafka-1:9093"), Member(2, "kafka-2:9093"), Member(7, "10.0.0.7:9093"))


def steps(server: str, role: Role = Role.BOOTSTRAP, number: int | None = None) -> list[CheckStep]:
    told = [CheckStep(server, role, name, StepState.OK, 1.0, number) for name in Step]
    if role is Role.BOOTSTRAP:
        at = list(Step).index(Step.METADATA)
        told[at] = CheckStep(server, role, Step.METADATA, StepState.OK, 1.0, members=MEMBERS)
    return told


def rows(items: Iterable[CheckStep], *servers: str, cells: int = 100) -> list[str]:
    board = CheckBoard(servers)
    for item in items:
        board.take(item)
    return [plain(line).rstrip() for line in table_lines(board, cells, UNICODE, running=False)]


def test_a_bootstrap_server_that_is_a_member_has_one_row_for_both() -> None:
    refused = CheckStep("kafka-2:9093", Role.BOOTSTRAP, Step.TCP, StepState.FAILED, 1.0)
    shown = rows([*steps("kafka-1:9093"), refused, *steps("10.0.0.7:9093", Role.MEMBER, 7)])
    assert [line.split("  ")[0].strip() for line in shown if line] == [
        "Bootstrap servers",
        "kafka-1:9093, broker 1",
        "kafka-2:9093, broker 2",
        "Other members that the cluster reports",
        "10.0.0.7:9093, broker 7",
    ]
    assert shown[2].endswith("tcp failed"), "one that does not answer is known by those that do"


def test_another_address_than_the_one_that_is_advertised_stays_a_row_of_its_own() -> None:
    shown = rows([*steps("balancer:9093"), *steps("kafka-1:9093", Role.MEMBER, 1)])
    assert shown[1].startswith("balancer:9093 ")
    assert "Members that the cluster reports" in shown
    assert shown[-1].startswith("kafka-1:9093, broker 1")


@pytest.mark.parametrize("cells", [40, 78])
def test_where_room_is_scarce_the_number_stays_and_the_host_is_cut(cells: int) -> None:
    long = "kafka-1.production.eu-west-1.internal.acme.example:9093"
    shown = rows([*steps(long), *steps(long, Role.MEMBER, 1234)], cells=cells)
    assert ":9093 #1234 " in shown[-1]
    assert all(len(line) <= cells for line in shown)
