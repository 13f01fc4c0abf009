import json
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.models import Entry, Seal
from dinh.audit.queries.verification import Finding, verify_log


class Command(BaseCommand):
    help = "Check every seal and entry of the log; exit status 1 if anything was tampered with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        findings = list(verify_log(at=timezone.now()))
        seconds = time.monotonic() - begun
        counts = {"entries": Entry.objects.count(), "seals": Seal.objects.count()}
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        **counts,
                        "seconds": round(seconds, 3),
                        "intact": not findings,
                        "findings": [asdict(f) for f in findings],
                    },
                    ensure_ascii=False,
                )
            )
        else:
            for finding in findings:
                self.stdout.write(f"{_place(finding)}: {finding.message}")
            state = _("TAMPERED WITH") if findings else _("intact")
            told = _("%(entries)d entries under %(seals)d seals: %(state)s (%(seconds)s s)")
            self.stdout.write(told % {**counts, "state": state, "seconds": floatformat(seconds, 1)})
        if findings:
            sys.exit(1)


def _place(finding: Finding) -> str:
    places = [_("seal %(number)d") % {"number": finding.seal}] if finding.seal is not None else []
    places += [_("entry %(number)d") % {"number": finding.entry}] if finding.entry is not None else []
    return ", ".join(places) or _("log")
