from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dinh.directory.operations.keeping import let_keep_directory
from dinh.kernel.errors import NotFound


class Command(BaseCommand):
    help = "Let the administrators of a unit (by its code) look after all units and people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("unit_code")

    def handle(self, *args: Any, unit_code: str, **options: Any) -> None:
        try:
            let_keep_directory(unit_code=unit_code, at=timezone.now())
        except NotFound as refusal:
            raise CommandError(str(refusal)) from refusal
