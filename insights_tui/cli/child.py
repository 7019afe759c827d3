"""A command as our child, as if it stood in our place: terminal, signals, job control and exit code pass through.

The child stays in our process group, as under `nice` or `time`: what the terminal sends reaches it without us, and a
pipeline stays one job. What is sent to us alone is passed on.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""As shells say it."""

_PASSED = {
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM,
    signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT,
}  # fmt: skip
_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
_TERMINALS = {signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP, signal.SIGWINCH}
"""Sent by the terminal to the whole group."""
_JOB_STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
_OURS = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python ignores them, and a child would inherit that."""
_OF_KERNEL = 0x80  # SI_KERNEL in <signal.h> of Linux: sent by no process

_TELLS_SENDER = hasattr(signal, "sigwaitinfo")  # not on macOS


class NotStartedError(Exception):
    """The command could not be started; `code` is what a shell would exit with."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it used."""

    code: int
    """Its exit code, or 128 + n for a signal."""
    duration_s: float
    cpu_s: float
    """User and system, of all that it waited for."""
    max_rss_bytes: int


def hold_signals() -> set[signal.Signals]:
    """Keep signals waiting from here on, so that none is lost; gives the mask for the child.

    Call it before any thread starts: threads inherit it.
    """
    for number in (signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT):
        signal.signal(number, _nothing)  # what is ignored by default may not wait
    return {signal.Signals(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED | {signal.SIGCHLD})}


def ending() -> int | None:
    """Tell the exit code for a signal that came before there was a child to pass it on to."""
    waiting = signal.sigpending() & _ENDING
    return 128 + min(waiting) if waiting else None


def run(command: Sequence[str], environ: Mapping[str, str], mask: set[signal.Signals]) -> Ended:
    """Run a command to its end; raises `NotStartedError`. Signals must be held (`hold_signals`)."""
    began = time.monotonic()
    try:
        child = os.posix_spawnp(command[0], list(command), environ, setsigmask=mask, setsigdef=_OURS)
    except FileNotFoundError:
        raise NotStartedError(f"{command[0]}: command not found", NOT_FOUND) from None
    except OSError as error:
        raise NotStartedError(f"{command[0]}: {error.strerror}", NOT_EXECUTABLE) from None
    while True:
        number, by_terminal = _next_signal()
        if number is not signal.SIGCHLD:
            if not by_terminal:
                os.kill(child, number)  # nobody has waited for it yet, so the id is still its own
            continue
        found, status, used = os.wait4(child, os.WNOHANG | os.WUNTRACED)
        if found == 0:
            continue
        if os.WIFSTOPPED(status):
            _stop_too(os.WSTOPSIG(status))
            continue
        code = os.waitstatus_to_exitcode(status)
        unit = 1 if sys.platform == "darwin" else 1024
        return Ended(
            code if code >= 0 else 128 - code, time.monotonic() - began, used.ru_utime + used.ru_stime,
            used.ru_maxrss * unit,
        )  # fmt: skip


def _next_signal() -> tuple[signal.Signals, bool]:
    """Wait for a signal; tells whether the terminal has sent it to the whole group."""
    waited = _PASSED | {signal.SIGCHLD}
    if _TELLS_SENDER:
        info = signal.sigwaitinfo(waited)
        number = signal.Signals(info.si_signo)
        return number, number in _TERMINALS and info.si_code == _OF_KERNEL
    number = signal.Signals(signal.sigwait(waited))
    return number, number in _TERMINALS and _in_foreground()


def _stop_too(number: int) -> None:
    """Stop with the child where a shell waits for its job to stop; SIGCONT goes to the whole job."""
    if number in _JOB_STOPS and _has_terminal():
        os.kill(os.getpid(), signal.SIGSTOP)


def _has_terminal() -> bool:
    try:
        os.close(os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _nothing(_number: int, _frame: object) -> None:
    """Handle a signal that is waited for."""
