import re

import pytest

from dinh.kernel.tasks import forget_answers

pytestmark = pytest.mark.django_db


def test_metrics_tell_the_jobs_that_wait_and_the_requests(client):
    forget_answers.defer(timestamp=0)
    client.get("/directory/sign-in/")

    told = client.get("/metrics").content.decode()

    assert 'dinh_jobs{queue="kernel",status="todo"} 1.0\n' in told
    assert re.search(r"^dinh_jobs_waiting_seconds [0-9.]+$", told, re.MULTILINE)
    assert "django_http_requests_total_by_method_total" in told


def test_metrics_are_not_for_others(client):
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 404
