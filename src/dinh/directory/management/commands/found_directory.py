from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dinh.directory.operations.founding import AlreadyFounded, Founding, found_directory


class Command(BaseCommand):
    help = "Make the first unit of an empty installation and its administrator; print the password, once."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in ("unit_name", "abbreviation", "place", "full_name", "username"):
            parser.add_argument(name)

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("unit_name", "abbreviation", "place", "full_name", "username")
        try:
            made = found_directory(
                founding=Founding(**{name: options[name] for name in names}), at=timezone.now()
            )
        except AlreadyFounded as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{made.account.username}: {made.password} (for three days, to be replaced on signing in)"
        )
