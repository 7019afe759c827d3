"""The form as a program in a terminal: writes what it was told to connect with to a file, then ends."""

import asyncio
import json
import sys
from pathlib import Path

from insights_tui.domain.answers import SavedConnection
from insights_tui.domain.form import ConnectionForm
from tests.tui_form.host import FakeAgent, Host, snapshot_of


class Noting(FakeAgent):
    """Notes the form of each call, the password in clear: a test compares it."""

    async def connect(
        self, form: ConnectionForm, *, check: str = "require", over: int | None = None
    ) -> SavedConnection:
        password = form.broker_password
        told = {
            "topic": form.topic,
            "servers": form.broker_url,
            "type": form.connection_type,
            "mechanism": form.sasl_mechanism,
            "username": form.broker_username,
            "password": password.reveal() if password is not None else None,
            "ca": form.ca_certificate,
        }
        await asyncio.to_thread(Path(sys.argv[1]).write_text, f"{json.dumps(told)}\n")
        return await super().connect(form)


class Ending(Host):
    def on_screen_resume(self) -> None:
        """Nothing to do: the form is over."""


if __name__ == "__main__":
    app = Ending(Noting(), snapshot_of())
    app.run()
