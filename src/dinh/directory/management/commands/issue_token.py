from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dinh.directory.models import Account
from dinh.directory.operations.tokens import issue_token


class Command(BaseCommand):
    help = "Issue a token of the JSON API for an account's current appointment; it is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("label")

    def handle(self, *args: Any, username: str, label: str, **options: Any) -> None:
        account = Account.objects.filter(username__iexact=username, is_active=True).first()
        if account is None or account.current_appointment is None:
            raise CommandError("No active account with a current appointment has this name.")
        self.stdout.write(
            issue_token(appointment=account.current_appointment, label=label, at=timezone.now())
        )
