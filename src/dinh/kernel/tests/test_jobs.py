import pytest
from django.db import connection

from dinh.kernel.jobs import MOST_LIVES, forget_old_jobs, revive_stalled_jobs
from dinh.kernel.tasks import forget_answers

pytestmark = pytest.mark.django_db(transaction=True)


def job(*, status, attempts=0, beat="now()"):
    """A job in the hands of a worker whose last heartbeat was at a moment; its id."""
    with connection.cursor() as cursor:
        worker = f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES ({beat}) RETURNING id"
        cursor.execute(worker)
        (worker_id,) = cursor.fetchone()
        pk = forget_answers.defer(timestamp=0)
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = %s, attempts = %s, worker_id = %s WHERE id = %s",
            [status, attempts, worker_id, pk],
        )
    return pk


def states():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status::text FROM procrastinate_jobs")
        return dict(cursor.fetchall())


def test_job_of_a_worker_that_died_is_put_back_and_others_are_left_alone():
    dead = job(status="doing", beat="now() - interval '31 seconds'")
    alive, done = job(status="doing"), job(status="succeeded", beat="now() - interval '1 day'")

    assert revive_stalled_jobs() == 1

    assert states() == {dead: "todo", alive: "doing", done: "succeeded"}
    assert revive_stalled_jobs() == 0


def test_job_of_a_worker_that_was_forgotten_is_put_back():
    """A worker that starts removes the rows of dead ones."""
    orphan = job(status="doing", beat="now() - interval '1 day'")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")

    assert revive_stalled_jobs() == 1

    assert states() == {orphan: "todo"}


def test_job_that_killed_ten_workers_is_given_up():
    poison = job(status="doing", attempts=MOST_LIVES, beat="now() - interval '1 minute'")

    assert revive_stalled_jobs() == 0

    assert states() == {poison: "failed"}


def test_jobs_done_long_ago_are_forgotten():
    old, young = job(status="doing"), job(status="doing")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded'")
        cursor.execute(
            "UPDATE procrastinate_events SET at = now() - interval '8 days' WHERE job_id = %s", [old]
        )

    forget_old_jobs()

    assert states() == {young: "succeeded"}
