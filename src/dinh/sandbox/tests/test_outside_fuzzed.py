"""Published services called through the gateway with whatever fits their descriptions, and what does not: no 5xx."""

import contextlib
from collections import Counter
from pathlib import Path

import httpx
import pytest
import schemathesis
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from dinh import exchange
from dinh.exchange import api
from dinh.exchange.models import AccessGrant, ServiceVersion
from dinh.sandbox.tests.outside_world import outside_world

QUIET = {
    "deadline": None, "database": None, "derandomize": True, "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}  # fmt: skip
DESCRIPTIONS = Path(exchange.__file__).parent / "data" / "outside"
OF_THE_REQUEST = (
    "invalid-request", "media-type", "unsafe-path", "no-such-operation", "no-subject", "unreadable-subject",
    "repeated-subject",
)  # fmt: skip
"""Refusals that what was sent may earn; none that says that the call was let through to nobody."""
EACH = 12
"""Requests of each kind to each operation."""


def judged_and_unbounded(_sandbox, _keeper):
    ServiceVersion.objects.update(validates=True)
    AccessGrant.objects.update(rate=10_000, daily_quota=1_000_000)


@pytest.fixture(scope="module")
def running(module_database, tmp_path_factory):
    with outside_world(tmp_path_factory.mktemp("outside"), change=judged_and_unbounded) as found:
        yield found


@pytest.fixture(scope="module")
def token(running):
    return running.gateway.token(running.keys.consumer_key, running.keys.secret)


def answered_by(answer):
    """Provider, or why the gateway refused."""
    (kind,) = answer.headers["content-type"]
    if kind != "application/problem+json":
        return "provider"
    return answer.json()["type"].removeprefix("urn:dinh:problem:exchange-")


@pytest.mark.parametrize("code", sorted(path.stem for path in DESCRIPTIONS.glob("*.yaml")))
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_service_is_called_with_whatever_fits_and_does_not(running, token, code, mode):
    rule = api.outside_service(code, on=timezone.localdate())
    described = schemathesis.openapi.from_path(DESCRIPTIONS / f"{code}.yaml")
    base, seen = f"{running.gateway.url}/{rule.service}/{rule.version}", Counter()

    for operation in described.get_all_operations():

        @settings(max_examples=EACH, **QUIET)
        @given(case=operation.ok().as_strategy(generation_mode=mode))
        def check(case):
            answer = case.call(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=20)
            assert answer.status_code < 500, (case.as_curl_command(), answer.text)
            seen[answered_by(answer)] += 1

        # Nothing can be sent to some operations that does not fit them.
        with contextlib.suppress(Unsatisfiable):
            check()

    assert set(seen) <= {"provider", *OF_THE_REQUEST}, seen
    assert seen["provider"] > 0 or mode is GenerationMode.NEGATIVE
    assert sum(seen.values()) >= EACH
    assert httpx.get(f"{running.gateway.url}/healthz", trust_env=False).status_code == 200
    assert "Traceback" not in (running.gateway.folder / f"{running.gateway.name}.log").read_text()
