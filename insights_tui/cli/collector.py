"""Python's garbage collector while the interface starts: loading makes no garbage, and looking for it takes 0.1 s."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held() -> Iterator[None]:
    """Collect nothing until `settle`, or until the end of this."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Collect again, without what has been loaded by now: it stays for good, and walking it would make keys wait."""
    gc.freeze()
    gc.enable()
