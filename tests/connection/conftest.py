"""The state directory, for the tests of what is kept there."""

from pathlib import Path

import pytest

from insights_tui.agent.store import prepare_state_dir


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A private one, empty."""
    path = tmp_path / "state"
    prepare_state_dir(path)
    return path
