import copy
import dataclasses
import json
import pickle
import traceback

import msgspec
import pytest

from insights_tui.domain.connection import Connection, ConnectionType, Mechanism, Secret, Server
from insights_tui.domain.form import ConnectionForm

MARKER = "Marker-pw-3141"


def connection() -> Connection:
    return Connection(
        "t", (Server("h", 1),), ConnectionType.SASL_SSL, Mechanism.PLAIN, "u", password=Secret(MARKER), ca_pem=None
    )


def test_a_secret_never_shows_itself() -> None:
    secret = Secret(MARKER)
    form = ConnectionForm(broker_password=secret)
    shown = [f"{secret}", f"{secret!r}", f"{secret:>30}", "%s" % secret, str(secret), repr(connection()), repr(form)]  # noqa: UP031
    shown += [str(dataclasses.asdict(connection())), str(dataclasses.astuple(form))]
    assert not any(MARKER in text for text in shown)
    assert all("********" in text for text in shown)


def test_a_secret_leaves_the_process_by_no_serializer() -> None:
    for serialize in (pickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode):
        for holder in (Secret(MARKER), connection()):
            with pytest.raises((TypeError, pickle.PicklingError)) as caught:
                serialize(holder)
            assert MARKER not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(TypeError):
        Secret(MARKER).__getstate__()


def test_copies_are_the_same_secret() -> None:
    secret = Secret(MARKER)
    assert copy.deepcopy(secret) is copy.copy(secret) is secret
    assert secret == Secret(MARKER)
    assert secret != Secret("other")
    assert secret != MARKER
    assert len({secret, Secret(MARKER)}) == 1
