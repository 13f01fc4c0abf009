"""How long what continuous integration runs takes: the time that `.ci/run` noted for this commit, else it is run."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measures import figure, skipped

ROOT = Path(__file__).resolve().parents[1]
NOTED, MOST = ROOT / ".ci" / "took.json", 600


def run() -> Iterator[dict[str, Any]]:
    """`ci.time` in seconds: checks, all tests, and the tests again on PostgreSQL 15."""
    goal = f"{MOST} s or less on 2 cores"
    if noted().get("commit") != commit():
        subprocess.run(
            [ROOT / ".ci" / "run"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    last = noted()
    if last.get("commit") != commit():
        yield skipped("ci.time", goal, "the checks or the tests of this commit fail")
        return
    took = float(last["seconds"])
    yield figure("ci.time", took, limit=MOST, goal=goal, met=took <= MOST, unit="s") | {
        "second_run": last["second_run"]
    }


def noted() -> dict[str, Any]:
    """What `.ci/run` wrote after its last success."""
    return dict(json.loads(NOTED.read_text())) if NOTED.exists() else {}


def commit() -> str:
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=40"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
