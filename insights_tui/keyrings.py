"""Passwords in the keyring of whoever runs this, through the library `keyring` (https://keyring.readthedocs.io)."""

from shlex import quote

SERVICE = "insights-tui"
"""What a keyring calls the program that a password is for."""
_INSTEAD = "use env:NAME or file:PATH"


class KeyringReadError(Exception):
    """No password came out; `hint` says what helps. Neither quotes one."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def read(name: str) -> str:
    """Give the password that is kept under `name`; raises `KeyringReadError`.

    May wait for a person who is asked to unlock the keyring: call it in a thread.
    """
    try:
        import keyring
        from keyring import errors
    except ImportError:
        raise KeyringReadError(
            "The library that reads keyrings is not installed.",
            f"Beside insights-tui: pip install keyring; or {_INSTEAD}.",
        ) from None
    try:
        found = keyring.get_password(SERVICE, name)
    except errors.NoKeyringError:
        raise KeyringReadError(
            "This host has no keyring.", f"Servers without a desktop seldom have one: {_INSTEAD}."
        ) from None
    except errors.KeyringLocked:
        raise KeyringReadError("The keyring is locked.", f"Unlock it and try again, or {_INSTEAD}.") from None
    except Exception as error:  # noqa: BLE001 - a backend may raise anything: D-Bus, a plugin of somebody's
        raise KeyringReadError(
            f"The keyring cannot be read ({type(error).__name__}).", f"Look with `keyring diagnose`, or {_INSTEAD}."
        ) from None
    if not found:
        raise KeyringReadError(
            f"The keyring holds nothing under {name}.", f"Put it there: keyring set {SERVICE} {quote(name)}"
        )
    return found
