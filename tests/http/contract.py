"""The rules of contract.md §2 that every record's value obeys, written once."""

import json
import math
import re

TEXTS = {"request_id", "session_id", "algorithm_owner", "algorithm_name", "algorithm_version", "time"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def _refuse(word: str) -> float:
    raise AssertionError(f"{word} in a value")


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name twice: {names}"
    return dict(pairs)


def check_value(value: bytes, *, generated: bool = True) -> dict[str, object]:
    """Hold a value against the contract and give its metrics; `generated` where the ids are the agent's own."""
    text = value.decode("ascii")
    payload = json.loads(text, parse_constant=_refuse, object_pairs_hook=_no_duplicates)
    assert isinstance(payload, dict)
    for name in TEXTS:
        assert isinstance(payload[name], str), name
        assert payload[name], name
    assert TIME.fullmatch(payload["time"])
    if generated:
        assert re.fullmatch(f"req-{UUID4}", payload["request_id"])
        assert re.fullmatch(f"rses-{UUID4}", payload["session_id"])
    numbers = {name: number for name, number in payload.items() if name not in TEXTS}
    for name, number in numbers.items():
        assert type(number) in {int, float}, f"{name} is {number!r}"
        assert math.isfinite(float(number)), f"{name} is beyond a float"
    assert numbers.pop("duration_milliseconds", 0) >= 0
    assert "timestamp" not in numbers
    assert "" not in numbers
    assert len(numbers) <= 25
    assert sum(len(name.encode()) + len(json.dumps(number)) for name, number in numbers.items()) <= 25 * 1024
    return numbers
