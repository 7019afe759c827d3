"""Credit card approval: `POST /v1/decisions` answers with a decision, and each request is one payload in Kafka.

    uvicorn examples.credit_card_approval.service:app

The two lines that matter are `add_middleware`, which makes each request an execution, and `report`, which adds what
the model found to its payload.
"""

import math

from fastapi import FastAPI
from pydantic import BaseModel, Field

from insights_tui.sdk import AsgiMiddleware, current, report

LIMIT = 0.5
"""Risk from which on an application is turned down."""

app = FastAPI(title="Credit card approval", version="1.0.6")
app.add_middleware(AsgiMiddleware, algorithm="asli/credit_card_approval/1.0.6", skip=["/healthz"])


class Application(BaseModel):
    """What an applicant says."""

    income: float = Field(gt=0, description="A year.")
    debt: float = Field(ge=0)
    years_employed: float = Field(ge=0)
    missed_payments: int = Field(ge=0, description="In the last two years.")


class Decision(BaseModel):
    """What the applicant is told."""

    approved: bool
    risk_score: float
    request_id: str | None
    """Under which the payload is found in the topic."""


def risk_of(application: Application) -> float:
    """Tell how likely the applicant fails to pay, 0 to 1: a logistic model, as a real one would be."""
    burden = min(application.debt / application.income, 10.0)
    logit = -2.2 + 1.6 * burden - 0.12 * min(application.years_employed, 20.0) + 0.9 * application.missed_payments
    return round(1 / (1 + math.exp(-logit)), 4)


@app.post("/v1/decisions")
async def decide(application: Application) -> Decision:
    """Decide on an application."""
    risk = risk_of(application)
    report(risk_score=risk, approved=risk < LIMIT)
    execution = current()
    return Decision(
        approved=risk < LIMIT, risk_score=risk, request_id=execution.request_id if execution is not None else None
    )


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answer a load balancer; no execution, so no payload."""
    return {"status": "ok"}
