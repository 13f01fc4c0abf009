from datetime import UTC, datetime

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.kernel.jobs import task
from dinh.signing.operations.expiry import warn_of_expiring_certificates
from dinh.signing.operations.proofs import add_missing_proofs


@app.periodic(cron="0 0 * * *")
@task(queue="signing")
def tell_of_expiring_certificates(timestamp: int) -> None:
    """Each day at 7 in Vietnam."""
    warn_of_expiring_certificates(at=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="*/2 * * * *")
@task(queue="signing")
def add_proofs_that_were_missing(timestamp: int) -> None:
    """Timestamps and revocation answers for letters that were signed while a server was silent."""
    add_missing_proofs(at=datetime.fromtimestamp(timestamp, UTC))


@task(queue="signing")
def try_proofs_again() -> None:
    """Somebody does not want to wait for the next round."""
    add_missing_proofs(at=timezone.now())
