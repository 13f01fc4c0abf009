from typing import Any

from django.core.management.base import BaseCommand

from dinh.directory.operations.province import load_province


class Command(BaseCommand):
    help = "Load the model province: 501 units and 7,000 people."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Loaded." if load_province() else "There are units already; nothing was changed.")
