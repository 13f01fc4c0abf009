from datetime import UTC, datetime

from procrastinate.contrib.django import app

from dinh.kernel.jobs import task
from dinh.signing.operations.expiry import warn_of_expiring_certificates


@app.periodic(cron="0 0 * * *")
@task(queue="signing")
def tell_of_expiring_certificates(timestamp: int) -> None:
    """Each day at 7 in Vietnam."""
    warn_of_expiring_certificates(at=datetime.fromtimestamp(timestamp, UTC))
