"""Free ports on loopback that stay free: a killed broker must find its own again."""

import random
import socket
from contextlib import ExitStack

# Below Linux's range for outgoing connections (32768 and up), or some client's own end could sit on a broker's port
# while that broker is down.
_LOW, _HIGH = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Pick `count` different ports that nothing listens on now."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            candidate = random.randint(_LOW, _HIGH)  # noqa: S311 - a port number is no secret
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            found.append(candidate)
    return found
