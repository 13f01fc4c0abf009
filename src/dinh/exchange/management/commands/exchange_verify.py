import json
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

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
            state = "TAMPERED WITH" if findings else "intact"
            summary = ", ".join(f"{number} {name}" for name, number in counts.items())
            self.stdout.write(f"{summary}: {state} ({seconds:.1f} s)")
        if findings:
            sys.exit(1)


def _told(finding: Finding) -> str:
    named = (("gateway", finding.gateway), ("batch", finding.batch), ("exchange", finding.exchange))
    places = ", ".join(f"{name} {value}" for name, value in named if value)
    return f"{places or 'log'}: {finding.message}"
