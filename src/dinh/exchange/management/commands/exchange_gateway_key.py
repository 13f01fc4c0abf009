from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dinh.exchange.gateway.enrolment import NotEnrolled
from dinh.exchange.gateway.identity import identity_of
from dinh.exchange.gateway.renewal import NEXT_CERTIFICATE, next_of
from dinh.exchange.gateway.settings import BadSetting, GatewaySettings, settings_from_environment
from dinh.exchange.operations.gateway_keys import RENEWED_BEFORE, renew_gateway_key
from dinh.kernel.calendar import VIETNAM
from dinh.kernel.errors import DomainError
from dinh.pki.certificates import fingerprint

_QUIET: Final = time(2, tzinfo=VIETNAM)


class Command(BaseCommand):
    help = (
        "The key and certificate of the gateway on this machine: show them and until when they are valid, or make "
        "the next ones, which it goes over to on their day."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act")
        acts.add_parser("show", help="the present and the next one (the default)")
        renew = acts.add_parser("renew", help="make the next one; other gateways are to register it first")
        when = renew.add_mutually_exclusive_group()
        when.add_argument(
            "--from",
            dest="since",
            type=date.fromisoformat,
            help=f"day on which it is used, from 2:00 on; in {RENEWED_BEFORE} days unless given",
        )
        when.add_argument("--now", action="store_true", help="at once: other gateways refuse it until then")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            gateway = settings_from_environment()
            if options["act"] == "renew":
                renew_gateway_key(gateway=gateway, since=_since(options), at=timezone.now())
            self._show(gateway)
        except (DomainError, BadSetting, NotEnrolled, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal

    def _show(self, gateway: GatewaySettings) -> None:
        if gateway.key_file is None and not gateway.folder.is_dir():
            raise CommandError(f"No gateway called {gateway.name} has started here: DINH_GATEWAY_NAME.")
        own, following = identity_of(gateway), next_of(gateway.folder)
        present = own.certificates[0]
        self.stdout.write(f"present: {own.fingerprint}, until {present.not_valid_after_utc:%Y-%m-%d}")
        if following:
            self.stdout.write(
                f"next: {fingerprint(following.certificate)}, used from {following.since:%Y-%m-%d %H:%M} UTC, "
                f"until {following.certificate.not_valid_after_utc:%Y-%m-%d}"
            )
            self.stdout.write(f"Give {gateway.folder / NEXT_CERTIFICATE} to other gateways before that day.")


def _since(options: dict[str, Any]) -> datetime:
    if options["now"]:
        return datetime.now(UTC)
    day = options["since"] or timezone.localdate() + timedelta(days=RENEWED_BEFORE)
    return datetime.combine(day, _QUIET)
