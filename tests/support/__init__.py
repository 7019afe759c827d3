"""Programs under test, run from outside: an agent process, a terminal, a wait for a condition."""

from tests.support.agent_process import AgentProcess
from tests.support.terminal import Terminal
from tests.support.waiting import wait_for

__all__ = ["AgentProcess", "Terminal", "wait_for"]
