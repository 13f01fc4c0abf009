import json
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

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
            state = "TAMPERED WITH" if findings else "intact"
            self.stdout.write(
                f"{counts['entries']} entries under {counts['seals']} seals: {state} ({seconds:.1f} s)"
            )
        if findings:
            sys.exit(1)


def _place(finding: Finding) -> str:
    places = [f"seal {finding.seal}"] if finding.seal is not None else []
    places += [f"entry {finding.entry}"] if finding.entry is not None else []
    return ", ".join(places) or "log"
