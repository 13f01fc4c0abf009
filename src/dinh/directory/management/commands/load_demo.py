from typing import Any

from django.core.management.base import BaseCommand

from dinh.directory.operations.demo import make_demo_accounts
from dinh.directory.operations.province import load_province
from dinh.kernel.demo import demo_steps


class Command(BaseCommand):
    help = "Load the model province and the demo's accounts; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        load_province()
        make_demo_accounts()
        for step in demo_steps:
            step()
