"""The next key of the gateway on this machine (khóa và chứng thư số kế tiếp của cổng)."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.exchange.gateway.identity import files_of, load_identity
from dinh.exchange.gateway.renewal import Next, enrol_next, make_next, next_of
from dinh.exchange.gateway.settings import GatewaySettings
from dinh.exchange.models import GatewayCertificate
from dinh.exchange.operations.members import NotInThatState
from dinh.kernel.errors import InvalidInput
from dinh.pki.certificates import fingerprint

RENEWED_BEFORE: Final = 14
"""Days that other gateways have to register the next certificate, unless another day is given."""


def renew_gateway_key(*, gateway: GatewaySettings, since: datetime, at: datetime) -> Next:
    """
    Make the next key and certificate of the gateway whose folder is here, or get it from the issuer of the configured
    one (DINH_GATEWAY_EST_URL); it goes over to them by itself. Never call it inside a transaction.

    Writes them to the folder, tells the database of the certificate and writes an audit entry.

    :param since: when it goes over
    :raises NotInThatState: if its key is configured, it never started here, or has a next one already
    :raises InvalidInput: if the present certificate ends before
    :raises NotEnrolled: if the issuer gives none
    :raises BadSetting, OSError:
    """
    if not gateway.renews_itself:
        raise NotInThatState(
            _("This gateway's key is configured: put the new files there and restart it on their day.")
        )
    key_file, certificate_file = files_of(gateway)
    if not gateway.folder.is_dir() or not certificate_file.exists():
        raise NotInThatState(_("No gateway of this name has started here."))
    found = next_of(gateway.folder)
    if found is not None:
        text = _("It has a next certificate already, in use from %(day)s.")
        raise NotInThatState(text % {"day": f"{found.since:%Y-%m-%d}"})
    present = load_identity(key_file, certificate_file).certificates[0]
    if at < present.not_valid_after_utc <= since:
        text = _("The present certificate ends on %(day)s: choose an earlier day.")
        raise InvalidInput(text % {"day": f"{present.not_valid_after_utc:%Y-%m-%d}"}, field="since")
    if gateway.est_url:
        made = enrol_next(gateway, since=since)
    else:
        made = make_next(gateway.folder, name=gateway.name, since=since)
    note_next(gateway.name, made, at)
    return made


@transaction.atomic
def note_next(name: str, made: Next, at: datetime) -> GatewayCertificate | None:
    """
    Keep a gateway's next certificate beside those in use, with an audit entry.

    :returns: None if it is known already
    """
    row, is_new = GatewayCertificate.objects.get_or_create(
        fingerprint=fingerprint(made.certificate),
        defaults={
            "gateway": name,
            "chain": made.pem,
            "first_seen_at": at,
            "used_from": made.since,
        },
    )
    if not is_new:
        return None
    details = {"gateway": name, "from": made.since.isoformat(), "fingerprint": row.fingerprint}
    record("exchange.gateway.key_renewed", target=row, actor=None, at=at, details=details)
    return row
