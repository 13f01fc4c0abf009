"""The command `dinh`."""

import os
import sys


def main() -> None:
    """Run a command of the house; what is not one of ours goes to Django's management."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dinh.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
