from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dinh.signing.standin import plugin_server


class Command(BaseCommand):
    help = "Stands in for the signing plugin on people's computers; demo only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Only in the demo (DINH_DEMO=1): real keys stay in their holders' tokens.")
        port = urlsplit(settings.SIGNING_PLUGIN_URL).port or 8987
        with plugin_server(port=port, origins=[settings.BASE_URL]) as server:
            self.stdout.write(f"Signing plugin (stand-in) on ws://127.0.0.1:{port} for {settings.BASE_URL}")
            server.serve_forever()
