"""What a check may take: every step has an end, and so has the whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """Seconds unless it says otherwise. Together they end a check within 5 s where two servers of six are dead."""

    dns_s: float = 2.0
    tcp_s: float = 2.5
    """A lost SYN is sent again after 1 s: one may get lost."""
    grace_s: float = 0.4
    """For a server's other addresses, once one has answered."""
    tls_s: float = 2.0
    answer_s: float = 2.0
    """For the answer to one request."""
    login_s: float = 3.0
    """For all requests of a login, and for waiting until it is its turn."""
    look_s: float = 0.8
    """For a second look at a server that failed."""
    total_s: float = 9.0
    """Whoever is not through by then has failed at the step it is at."""
    answer_bytes: int = 1024 * 1024
    """Of one answer: about 10,000 partitions."""
    addresses: int = 8
    """Of one name that are tried."""
    servers: int = 100
    """Of both roles that are tried."""
    batch_bytes: int = 384 * 1024
    """The largest batch that the engine sends, before compression."""
