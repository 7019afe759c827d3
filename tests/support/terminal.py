"""A program in a real terminal: tmux, driven by keys and read as text."""

import os
import shlex
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.waiting import wait_for


class Terminal:
    """One tmux server with one pane, nobody else's; `close` ends it and what runs in it."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], width: int = 80, height: int = 24, cwd: str = "/"
    ) -> None:
        self._name = f"insights-{uuid.uuid4().hex[:12]}"
        self._env = {**env, "TERM": "xterm-256color"}
        self._env.pop("TMUX", None)
        self._folder = Path(tempfile.mkdtemp(prefix="insights-terminal-"))
        self._ended = self._folder / "exit-code"
        # A shell notes the exit code: tmux (3.3a) at times leaves a dead program unreaped and its code untold.
        noted = ["sh", "-c", f'"$@"; echo $? >{shlex.quote(str(self._ended))}', "sh", *command]
        # The pane stays when the program ends, so that its last words can be read.
        self._tmux("new-session", "-d", "-x", str(width), "-y", str(height), "-c", cwd, shlex.join(noted),
                   ";", "set-option", "-w", "remain-on-exit", "on")  # fmt: skip

    @staticmethod
    def missing() -> str | None:
        """What to install, or None."""
        return None if shutil.which("tmux") else "no `tmux`: install it (Debian: tmux)"

    def screen(self) -> str:
        """The text that a person now sees."""
        return self._tmux("capture-pane", "-p")

    def screen_with_colours(self) -> str:
        """The same with its escape sequences."""
        return self._tmux("capture-pane", "-p", "-e")

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names (`Tab`, `Enter`, `C-c`, `Escape`, or a character)."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text as it stands."""
        self._tmux("send-keys", "-l", text)

    def burst(self, text: str) -> None:
        """Send characters, control characters and escape sequences in one write, as a slow line hands them over."""
        self._tmux("set-buffer", "-b", "burst", "--", text, ";", "paste-buffer", "-b", "burst", "-r", "-d")

    def wait_for(self, wanted: str | Callable[[str], bool], timeout_s: float = 20.0) -> str:
        """Wait until the screen shows a text or satisfies a condition; gives the screen."""
        seen = ""

        def shown() -> bool:
            nonlocal seen
            seen = self.screen()
            return wanted in seen if isinstance(wanted, str) else wanted(seen)

        try:
            wait_for(shown, f"the screen shows {wanted!r}", timeout_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{seen}") from None
        return seen

    def resize(self, width: int, height: int) -> None:
        """Change the size of the window."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    @property
    def exit_code(self) -> int | None:
        """How the program ended (128 + n for a signal); None while it runs."""
        text = self._ended.read_text() if self._ended.exists() else ""
        return int(text) if text.endswith("\n") else None

    def close(self) -> None:
        """End the server."""
        self._tmux("kill-server", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        command = ["tmux", "-L", self._name, "-f", os.devnull, *arguments]
        return subprocess.run(command, env=self._env, capture_output=True, text=True, check=check, timeout=20).stdout
