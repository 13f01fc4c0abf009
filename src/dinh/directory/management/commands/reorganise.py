from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dinh.directory.models import Account
from dinh.directory.operations.reorganising import Outlook, Reorganisation, check_reorganisation, reorganise
from dinh.kernel.errors import DomainError


class Command(BaseCommand):
    help = (
        "Merge units by a list of communes (CSV): tells what each line does; carries it out only with --apply. "
        "It can be withdrawn until its day on the page of changes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--date", type=date.fromisoformat, required=True, help="first day, e.g. 2025-07-01"
        )
        parser.add_argument(
            "--as", dest="username", required=True, help="account of a keeper of the directory"
        )
        parser.add_argument("--title", default="")
        parser.add_argument("--basis", default="", help="number of the resolution")
        parser.add_argument("--keep-districts", action="store_true")
        parser.add_argument("--leave-people", action="store_true")
        parser.add_argument("--apply", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(username__iexact=options["username"], is_active=True).first()
        if account is None or account.current_appointment is None:
            raise CommandError("No active account with a current appointment has this name.")
        wanted = Reorganisation(
            title=options["title"] or options["file"].stem,
            legal_basis=options["basis"],
            effective_date=options["date"],
            content=options["file"].read_text(encoding="utf-8-sig"),
            with_districts=not options["keep_districts"],
            carry_people=not options["leave_people"],
        )
        try:
            self._tell(check_reorganisation(wanted=wanted, actor=account.current_appointment))
            if options["apply"]:
                change = reorganise(wanted=wanted, actor=account.current_appointment, at=timezone.now())
                self.stdout.write(f"Entered as change {change.pk}.")
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal

    def _tell(self, outlook: Outlook) -> None:
        for found in outlook.findings:
            self.stdout.write(f"{found.line or '-':>5}  {found.verdict:8} {found.subject}: {found.text}")
        self.stdout.write(
            f"{outlook.founded} founded, {outlook.moved} go on, {outlook.ended} end; "
            f"{outlook.people} people concerned, {outlook.carried} appointments go on."
        )
