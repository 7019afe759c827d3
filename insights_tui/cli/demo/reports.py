"""Three algorithms that do not exist and what they would report."""

import json
from dataclasses import dataclass
from random import Random
from uuid import UUID

NUMBER = "demo_number"
"""The metric by which the demo knows its payloads again in the topic: 1, 2, 3, …"""

Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Call:
    """One report, ready to be posted."""

    path: str
    body: bytes


def call(number: int, random: Random) -> Call:
    """Make up one execution of one of the three; two know their own duration, one reports as original clients do."""
    pick = random.random()
    if pick < 0.6:
        return _payload(number, "acme", "credit_card_approval", "1.0.6", 8.0, _credit(random), random)
    if pick < 0.9:
        return _payload(number, "acme", "image_tagging", "2.3.1", 240.0, _tagging(random), random)
    insights = [
        {"insight_key": key, "insight_value": value} for key, value in {NUMBER: number, **_forecast(random)}.items()
    ]
    return Call("/as/research/demand_forecast/0.9.0/v1/insights", json.dumps(insights).encode())


def _payload(
    number: int, owner: str, name: str, version: str, typical_ms: float, metrics: Metrics, random: Random
) -> Call:
    fields = {
        NUMBER: number,
        **metrics,
        "duration_milliseconds": round(typical_ms * random.lognormvariate(0.0, 0.5), 1),
        "request_id": f"req-{UUID(int=random.getrandbits(128), version=4)}",
        "algorithm_owner": owner,
        "algorithm_name": name,
        "algorithm_version": version,
    }
    return Call("/v1/payloads", json.dumps(fields).encode())


def _credit(random: Random) -> Metrics:
    risk = random.betavariate(2, 6)
    return {
        "risk_score": round(risk, 4),
        "approved": int(risk < 0.35),
        "income_ratio": round(random.gauss(3.1, 0.6), 2),
    }


def _tagging(random: Random) -> Metrics:
    return {
        "confidence": round(random.betavariate(8, 2), 4),
        "labels": random.randint(1, 12),
        "megapixels": round(random.uniform(0.3, 12.0), 1),
    }


def _forecast(random: Random) -> Metrics:
    return {
        "mape": round(abs(random.gauss(0.09, 0.03)), 4),
        "horizon_days": random.choice((7, 14, 28)),
        "rows": random.randint(2_000, 40_000),
    }
