"""What a streamed question raises where the answer is no success."""


class NoSuccessError(Exception):
    """The agent said no before it streamed anything; `status` and `body` say why."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
