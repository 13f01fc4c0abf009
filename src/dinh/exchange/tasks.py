import contextlib
from datetime import UTC, datetime

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.exchange.operations.alerts import warn_of_failing_services, warn_of_providers_away
from dinh.exchange.operations.archiving import archive_log, forget_fine_totals, forget_spendings
from dinh.exchange.operations.disposal import dispose_of_ordered
from dinh.exchange.operations.expiry import warn_of_expiring_keys
from dinh.exchange.operations.gateway_alerts import warn_of_gateways
from dinh.exchange.operations.gateway_renewal import renew_gateway_keys
from dinh.exchange.operations.indexing import index_older_volumes
from dinh.exchange.operations.members import tell_of_ended_members
from dinh.exchange.operations.reports import close_month
from dinh.exchange.operations.stamping import stamp_batches, warn_of_missing_stamps
from dinh.exchange.operations.subject_keys import ensure_subject_key
from dinh.exchange.operations.token_keys import rotate_token_keys
from dinh.kernel.jobs import task
from dinh.pki.api import TimestampUnavailable


@app.periodic(cron="10 0 * * *")
@task(queue="exchange")
def tell_of_expiring_keys(timestamp: int) -> None:
    """Each day at 7:10 in Vietnam."""
    warn_of_expiring_keys(at=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="20 * * * *")
@task(queue="exchange")
def change_token_keys(timestamp: int) -> None:
    """Each hour: makes a new key when the newest is 30 days old, or if there is none."""
    moment = datetime.fromtimestamp(timestamp, UTC)
    rotate_token_keys(at=moment)
    ensure_subject_key(at=moment)


@app.periodic(cron="* * * * *")
@task(queue="exchange")
def stamp_what_was_signed(timestamp: int) -> None:
    """Each minute; what the timestamp server does not answer, the next minute asks again."""
    try:
        with contextlib.suppress(TimestampUnavailable):
            stamp_batches()
    finally:
        warn_of_missing_stamps(at=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="30 18 * * *")
@task(queue="exchange")
def archive_old_exchanges(timestamp: int) -> None:
    """Each night at 1:30 in Vietnam: months that are over for DINH_EXCHANGE_LOG_MONTHS; usually there is nothing."""
    moment = datetime.fromtimestamp(timestamp, UTC)
    forget_spendings(at=moment)
    archive_log(at=moment)
    # Last: an old volume that cannot be read must not hold the others up.
    index_older_volumes()


@app.periodic(cron="1,31 17 * * *")
@task(queue="exchange")
def tell_gateways_of_ended_members(timestamp: int) -> None:
    """Each midnight in Vietnam, and once more half an hour later."""
    tell_of_ended_members(at=datetime.fromtimestamp(timestamp, UTC))


@task(queue="exchange")
def dispose_of_volumes() -> None:
    """Deferred by the keeper's order."""
    dispose_of_ordered(at=timezone.now())


@app.periodic(cron="40 * * * *")
@task(queue="exchange")
def forget_old_totals(timestamp: int) -> None:
    """Each hour."""
    forget_fine_totals(at=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="*/5 * * * *")
@task(queue="exchange")
def tell_of_failing_services(timestamp: int) -> None:
    """Every five minutes."""
    warn_of_failing_services(at=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="* * * * *")
@task(queue="exchange")
def tell_of_gateways(timestamp: int) -> None:
    """Each minute."""
    moment = datetime.fromtimestamp(timestamp, UTC)
    renew_gateway_keys(at=moment)
    warn_of_gateways(at=moment)
    warn_of_providers_away(at=moment)


@app.periodic(cron="15 * * * *")
@task(queue="exchange")
def close_reports(timestamp: int) -> None:
    """Each hour: at the first one of the month in which an office works; else there is nothing to do."""
    close_month(at=datetime.fromtimestamp(timestamp, UTC))
