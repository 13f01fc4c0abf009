"""Reading `DINH_*` variables, each with a clear refusal."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


class Environment:
    """Typed access to the process environment."""

    def text(self, name: str, *, default: str) -> str:
        return os.environ.get(name, default)

    def words(self, name: str, *, default: str) -> list[str]:
        return self.text(name, default=default).replace(",", " ").split()

    def number(self, name: str, *, default: int) -> int:
        """:raises ImproperlyConfigured: unless the value is a whole number"""
        given = self.text(name, default=str(default))
        if not given.isdecimal():
            raise ImproperlyConfigured(f"{name} must be a whole number, but is {given!r}.")
        return int(given)

    def flag(self, name: str, *, default: bool) -> bool:
        """:raises ImproperlyConfigured: unless the value is one of 1, 0, true, false, yes, no, on, off"""
        given = self.text(name, default="1" if default else "0").lower()
        if given not in _TRUE | _FALSE:
            raise ImproperlyConfigured(f"{name} must be 1 or 0, but is {given!r}.")
        return given in _TRUE

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """
        The first choice is the default.

        :raises ImproperlyConfigured: unless the value is one of the choices
        """
        given = self.text(name, default=choices[0])
        if given not in choices:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, but is {given!r}.")
        return given

    def path(self, name: str, *, default: str) -> Path:
        return Path(self.text(name, default=default)).expanduser().resolve()

    def secret(self, name: str, *, file: Path) -> str:
        """A secret from the variable, else from the file, which is made (mode 600) if it is missing."""
        if given := os.environ.get(name):
            return given
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_urlsafe(48))
        return file.read_text().strip()

    def mail_server(self, name: str) -> dict[str, Any]:
        """
        Django's settings for a mail server; without the variable nothing is sent.

        :raises ImproperlyConfigured: unless the value is smtp://, smtp+starttls:// or smtps://user:password@host:port
        """
        given = self.text(name, default="")
        if not given:
            return {}
        url = urlsplit(given)
        if url.scheme not in {"smtp", "smtp+starttls", "smtps"} or not url.hostname:
            raise ImproperlyConfigured(f"{name} must look like smtp+starttls://user:password@host:587.")
        return {
            "EMAIL_HOST": url.hostname,
            "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 25),
            "EMAIL_HOST_USER": unquote(url.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
            "EMAIL_USE_TLS": url.scheme == "smtp+starttls",
            "EMAIL_USE_SSL": url.scheme == "smtps",
        }

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        """:raises ImproperlyConfigured: unless the value is postgresql://user:password@host:port/name"""
        url = urlsplit(self.text(name, default=default))
        if url.scheme not in {"postgresql", "postgres"} or not url.path.strip("/"):
            raise ImproperlyConfigured(f"{name} must look like postgresql://user:password@host:5432/name.")
        options: dict[str, Any] = dict(parse_qsl(url.query))
        host = options.pop("host", None) or unquote(url.hostname or "")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.strip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": host,
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
