import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connection
from django.utils import timezone

from dinh.audit.operations.sealing import seal_all, stamp_seals


class Command(BaseCommand):
    help = "Seal the log: once, or every few seconds with --loop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true")
        parser.add_argument("--seconds", type=float, default=3.0)

    def handle(self, *args: Any, **options: Any) -> None:
        _round()
        while options["loop"]:
            time.sleep(options["seconds"])
            try:
                _round()
            except OperationalError as error:
                self.stderr.write(f"The database does not answer; sealing goes on later: {error}")
                connection.close()


def _round() -> None:
    seal_all(at=timezone.now())
    stamp_seals()
