from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dinh.exchange.models import SubjectKey
from dinh.exchange.operations.subject_keys import (
    give_up_subject_key,
    reseal_subject_keys,
    rotate_subject_key,
)
from dinh.exchange.queries.accesses import opened
from dinh.kernel.errors import DomainError


class Command(BaseCommand):
    help = (
        "The keys that persons' numbers are hashed with in the exchange's log: list them, put a new one into use, "
        "seal them anew after DINH_SECRET_KEY was changed, give one up whose secret is gone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act")
        acts.add_parser("list", help="the keys and their periods (the default)")
        acts.add_parser("rotate", help="put a new key into use")
        reseal = acts.add_parser("reseal", help="after DINH_SECRET_KEY was changed")
        reseal.add_argument("--old-secret-file", type=Path, required=True, help="holds the secret of before")
        given_up = acts.add_parser("give-up", help="for good: calls of its period are no longer found")
        given_up.add_argument("key", type=int)
        given_up.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = self._act(options)
        except (DomainError, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        if told:
            self.stdout.write(told)
        for row in SubjectKey.objects.order_by("pk"):
            self.stdout.write(_line(row))

    def _act(self, options: dict[str, Any]) -> str:
        at, act = timezone.now(), options["act"]
        if act == "rotate":
            return f"Key {rotate_subject_key(at=at).pk} is in use."
        if act == "reseal":
            old = options["old_secret_file"].read_text().strip()
            return f"{reseal_subject_keys(old_secret=old, at=at)} keys were sealed anew."
        if act == "give-up":
            give_up_subject_key(key_id=options["key"], reason=options["reason"], at=at)
            return f"Key {options['key']} was given up."
        return ""


def _line(row: SubjectKey) -> str:
    until = f"to {row.retired_at:%Y-%m-%d %H:%M}" if row.retired_at else "in use"
    state = "given up" if row.lost_at else "ok" if opened(row) is not None else "sealed with another secret"
    return f"{row.pk}: from {row.created_at:%Y-%m-%d %H:%M} {until}, {state}"
