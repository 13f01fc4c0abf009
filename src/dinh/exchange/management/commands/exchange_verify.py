import json
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

from dinh.exchange.queries.chains import Finding, counted, verify_exchanges


class Command(BaseCommand):
    help = (
        "Check every exchange of the log, its batch, signature and chain; exit status 1 if anything is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        findings = list(verify_exchanges())
        counts, seconds = counted(), round(time.monotonic() - begun, 3)
        if options["json"]:
            told = {
                **counts,
                "seconds": seconds,
                "intact": not findings,
                "findings": [asdict(each) for each in findings],
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            for finding in findings:
                self.stdout.write(_told(finding))
            state = _("TAMPERED WITH") if findings else _("intact")
            summary = _(
                "%(exchanges)d exchanges (%(unsigned)d of them unsigned), %(batches)d batches in %(chains)d chains,"
                " %(archived)d archived exchanges, %(disposed_volumes)d volumes disposed of: %(state)s (%(seconds)s s)"
            )
            self.stdout.write(summary % {**counts, "state": state, "seconds": floatformat(seconds, 1)})
        if findings:
            sys.exit(1)


def _told(finding: Finding) -> str:
    named = (
        (_("gateway %s"), finding.gateway),
        (_("batch %s"), finding.batch),
        (_("exchange %s"), finding.exchange),
    )
    places = ", ".join(name % value for name, value in named if value)
    return f"{places or _('log')}: {finding.message}"
