from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from dinh.kernel.jobs import forget_finished_jobs, rescue_stalled_jobs
from dinh.kernel.tasks import forget_answers

pytestmark = pytest.mark.django_db


def running_job(*, beat_seconds_ago=None, attempts=0, status="doing"):
    job = forget_answers.defer(timestamp=0)
    with connection.cursor() as cursor:
        worker = None
        if beat_seconds_ago is not None:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 second')"
                " RETURNING id",
                [beat_seconds_ago],
            )
            (worker,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = %s, worker_id = %s, attempts = %s WHERE id = %s",
            [status, worker, attempts, job],
        )
    return job


def state(job):
    return ProcrastinateJob.objects.values_list("status", "attempts").get(pk=job)


def test_a_dead_workers_job_is_queued_again():
    dead, gone = running_job(beat_seconds_ago=60), running_job()

    rescued = rescue_stalled_jobs(at=timezone.now())

    assert rescued == [dead, gone]
    assert state(dead) == state(gone) == ("todo", 1)


def test_a_living_workers_job_is_left_alone():
    job = running_job(beat_seconds_ago=20)

    assert rescue_stalled_jobs(at=timezone.now()) == []
    assert state(job) == ("doing", 0)


def test_a_job_that_kills_its_workers_is_not_queued_for_ever():
    job = running_job(beat_seconds_ago=60, attempts=5)

    assert rescue_stalled_jobs(at=timezone.now()) == []
    assert state(job) == ("doing", 5)


def test_jobs_that_ended_well_are_forgotten_after_a_week_and_failures_kept():
    done, failed = running_job(status="succeeded"), running_job(status="failed")

    assert forget_finished_jobs(at=timezone.now() + timedelta(days=6)) == 0
    assert forget_finished_jobs(at=timezone.now() + timedelta(days=8)) == 1
    assert set(ProcrastinateJob.objects.values_list("pk", flat=True)) == {failed} != {done}
