"""The one shape of an error that goes back to whoever asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong and how to mend it (`{"code", "message", "hint", "field"}` in the API)."""

    code: str
    message: str
    hint: str = ""
    field: str | None = None

    @property
    def text(self) -> str:
        """Message and repair in one line."""
        return f"{self.message} {self.hint}".rstrip()


class RefusedError(Exception):
    """A request that cannot be carried out, with every reason at once."""

    def __init__(self, errors: tuple[FieldError, ...], *, status: int = 422) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors
        self.status = status
        """The HTTP status that says the same."""
