"""The marked payload that proves the whole way: recognisable in the topic, harmless to every consumer."""

from uuid_utils import uuid4, uuid7

from insights_tui.domain.clock import Moment
from insights_tui.domain.payload import Draft
from insights_tui.domain.report import Names, encode_value

NAMES = Names(owner="insights", name="test_payload", version="0.0.0")


def marked_draft(now: Moment) -> Draft:
    """Make a payload like any other, of the algorithm `insights/test_payload`."""
    value = encode_value(
        {"test": 1},
        names=NAMES,
        request_id=f"req-{uuid4()}",
        session_id=f"rses-{uuid4()}",
        time=now.utc.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        given={},
    )
    return Draft(str(uuid7()), value)
