"""Messages of the interface: small classes, named in the past tense."""

from textual.message import Message

from insights_tui.tui.frame import Frame


class FrameArrived(Message):
    """A tick has brought news, or the lack of them."""

    def __init__(self, frame: Frame, source: object = None) -> None:
        super().__init__()
        self.frame = frame
        """The newest; those before it no longer matter."""
        self.source = source
        """The feed that it comes from: by now another agent may be shown."""

    def can_replace(self, message: Message) -> bool:
        """Take the place of an older frame that nobody has looked at yet."""
        return isinstance(message, FrameArrived) and message.source is self.source
