"""What every figure of `make bench` looks like."""

from typing import Any


def figure(
    name: str, value: float, *, limit: float | None = None, goal: str, met: bool, unit: str = "1/s"
) -> dict[str, Any]:
    ratio = round(value / limit, 2) if limit else None
    rounded = round(limit, 1) if limit else None
    return {
        "name": name, "value": round(value, 1), "unit": unit, "limit": rounded, "ratio": ratio, "goal": goal,
        "met": met,
    }  # fmt: skip


def skipped(name: str, goal: str, why: str) -> dict[str, Any]:
    return {"name": name, "value": None, "unit": "1/s", "limit": None, "ratio": None, "goal": goal, "met": False,
            "skipped": True, "why": why}  # fmt: skip
