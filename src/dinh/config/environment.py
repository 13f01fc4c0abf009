"""Reading `DINH_*` variables, each with a clear refusal."""

import os
import re
import secrets
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
_LEAST_SECRET: Final = 32
_ENGINE: Final = "dinh.kernel.database"
_HOST: Final = re.compile(r"\.?(?!\d+(\.\d+)*$)[a-zA-Z0-9_-]{1,63}(\.[a-zA-Z0-9_-]{1,63})*\.?")
T = TypeVar("T")


class Environment:
    """
    Typed access to the process environment.

    :param gathers: note what is refused, for `refuse`, instead of raising at the first
    """

    def __init__(self, *, gathers: bool = False) -> None:
        self.gathers = gathers
        self.faults: list[str] = []

    def refuse(self) -> None:
        """:raises ImproperlyConfigured: with a line for each value that was refused, if any was"""
        if self.faults:
            raise ImproperlyConfigured("\n".join(self.faults))

    def text(self, name: str, *, default: str) -> str:
        return os.environ.get(name, default)

    def words(self, name: str, *, default: str) -> list[str]:
        return self.text(name, default=default).replace(",", " ").split()

    def matching(self, name: str, *, default: str, form: str, told: str) -> str:
        """:raises ImproperlyConfigured: unless the value is empty or has the form, a regular expression"""
        given = self.text(name, default=default)
        if not given or re.fullmatch(form, given):
            return given
        return self._refused(f"{name} must be {told}, but is {given!r}.", default)

    def hosts(self, name: str, *, default: str) -> list[str]:
        """:raises ImproperlyConfigured: unless each word is a host's name or address, without scheme and port"""
        given = self.words(name, default=default)
        if all(_is_host(each) for each in given):
            return given
        told = f"{name} must be names of hosts without https:// and port, but is {' '.join(given)!r}."
        return self._refused(told, [])

    def host(self, name: str) -> None:
        """:raises ImproperlyConfigured: unless the value is a name or an address to listen on"""
        given = self.text(name, default="127.0.0.1")
        if given in ("", "*") or not _is_host(given):
            self._refused(f"{name} must be an address to listen on such as 10.1.2.3, but is {given!r}.", None)

    def port(self, name: str, *, default: int) -> int:
        """:raises ImproperlyConfigured: unless the value is a port to listen on"""
        given = self.text(name, default=str(default))
        if given.isdecimal() and 0 < int(given) < 65_536:
            return int(given)
        return self._refused(f"{name} must be a port from 1 to 65535, but is {given!r}.", default)

    def number(self, name: str, *, default: int, least: int = 0) -> int:
        """:raises ImproperlyConfigured: unless the value is a whole number, not below the least"""
        given = self.text(name, default=str(default))
        if given.isdecimal() and int(given) >= least:
            return int(given)
        what = f"a whole number from {least} on" if least else "a whole number"
        return self._refused(f"{name} must be {what}, but is {given!r}.", default)

    def flag(self, name: str, *, default: bool) -> bool:
        """:raises ImproperlyConfigured: unless the value is one of 1, 0, true, false, yes, no, on, off"""
        given = self.text(name, default="1" if default else "0").lower()
        if given in _TRUE | _FALSE:
            return given in _TRUE
        return self._refused(f"{name} must be 1 or 0, but is {given!r}.", default)

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """
        The first choice is the default.

        :raises ImproperlyConfigured: unless the value is one of the choices
        """
        given = self.text(name, default=choices[0])
        if given in choices:
            return given
        return self._refused(f"{name} must be one of {', '.join(choices)}, but is {given!r}.", choices[0])

    def path(self, name: str, *, default: str) -> Path:
        return Path(self.text(name, default=default)).expanduser().resolve()

    def folder(self, name: str) -> str:
        """
        A folder that must be there, empty if none is named.

        :raises ImproperlyConfigured: if there is no such folder
        """
        given = self.text(name, default="")
        if not given or Path(given).expanduser().is_dir():
            return str(Path(given).expanduser().resolve()) if given else ""
        return self._refused(f"{name}: there is no folder {given}.", "")

    def file(self, name: str) -> str:
        """
        A file that must be there and readable, empty if none is named.

        :raises ImproperlyConfigured: if it cannot be read
        """
        return next(iter(self.files(name)), "")

    def files(self, name: str) -> list[str]:
        """
        Files that must be there and readable, separated as in PATH.

        :raises ImproperlyConfigured: if one of them cannot be read
        """
        given = [each for each in self.text(name, default="").split(os.pathsep) if each]
        for each in given:
            if not Path(each).is_file() or not os.access(each, os.R_OK):
                return self._refused(f"{name}: there is no file {each} that this account may read.", [])
        return given

    def url(self, name: str, *, default: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
        """
        An address without a slash at its end, empty if none is given.

        :raises ImproperlyConfigured: unless it has one of the schemes, a host and a port that can be
        """
        given = self.text(name, default=default).rstrip("/")
        if not given or _is_address(urlsplit(given), schemes):
            return given
        return self._refused(f"{name} must look like {schemes[0]}://host:port, but is {given!r}.", default)

    def urls(self, name: str) -> list[str]:
        """:raises ImproperlyConfigured: if a word is no address of the web"""
        given = self.words(name, default="")
        if all(_is_address(urlsplit(each), ("http", "https")) for each in given):
            return given
        return self._refused(
            f"{name} must be addresses such as https://host, but is {' '.join(given)!r}.", []
        )

    def networks(self, name: str, *, default: str) -> list[IPv4Network | IPv6Network]:
        """:raises ImproperlyConfigured: if a word is neither an address nor a network"""
        given = self.words(name, default=default)
        try:
            return [ip_network(each) for each in given]
        except ValueError:
            told = f"{name} must list networks such as 10.1.2.3/32, but is {' '.join(given)!r}."
            return self._refused(told, [])

    def secret(self, name: str, *, file: Path) -> str:
        """
        A secret from the variable, else from the file, which is made (mode 600) if it is missing.

        :raises ImproperlyConfigured: if the variable's is shorter than 32 characters, or the file cannot be had
        """
        given = os.environ.get(name, "")
        if given and len(given) < _LEAST_SECRET:
            return self._refused(f"{name} must have {_LEAST_SECRET} characters or more.", given)
        try:
            return given or _kept_secret(file)
        except OSError as error:
            return self._refused(f"DINH_DATA_DIR: {file} cannot be had: {error.strerror}.", name)

    def mail_server(self, name: str) -> dict[str, Any]:
        """
        Django's settings for a mail server; without the variable nothing is sent.

        :raises ImproperlyConfigured: unless the value is smtp://, smtp+starttls:// or smtps://user:password@host:port
        """
        given = self.text(name, default="")
        if not given:
            return {}
        url = urlsplit(given)
        if not _is_address(url, ("smtp", "smtp+starttls", "smtps")):
            return self._refused(f"{name} must look like smtp+starttls://user:password@host:587.", {})
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
        if not url.path.strip("/") or not _has_port(url) or url.scheme not in {"postgresql", "postgres"}:
            message = f"{name} must look like postgresql://user:password@host:5432/name."
            return self._refused(message, {"ENGINE": _ENGINE})
        options: dict[str, Any] = dict(parse_qsl(url.query))
        host = options.pop("host", None) or unquote(url.hostname or "")
        return {
            "ENGINE": _ENGINE,
            "NAME": unquote(url.path.strip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": host,
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }

    def together(self, first: str, second: str) -> None:
        """:raises ImproperlyConfigured: if one of them is given without the other"""
        if bool(os.environ.get(first)) != bool(os.environ.get(second)):
            self._refused(f"{first} and {second} must be given together.", None)

    def needs(self, name: str, other: str) -> None:
        """:raises ImproperlyConfigured: if a variable is given that is of no use without another"""
        if os.environ.get(name) and not os.environ.get(other):
            self._refused(f"{name} is of no use without {other}: set both or none.", None)

    def _refused(self, message: str, instead: T) -> T:
        if not self.gathers:
            raise ImproperlyConfigured(message)
        self.faults.append(message)
        return instead


def _kept_secret(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(48))
    return file.read_text().strip()


def _is_host(text: str) -> bool:
    """A name, one with all below it (.example.org), any (*), or an address."""
    return text == "*" or _can_be(ip_address, text.strip("[]")) or bool(_HOST.fullmatch(text))


def _can_be(made: Callable[[str], object], text: str) -> bool:
    try:
        made(text)
    except ValueError:
        return False
    return True


def _is_address(url: SplitResult, schemes: tuple[str, ...]) -> bool:
    place = url.path if url.scheme == "unix" else url.hostname
    return url.scheme in schemes and bool(place) and _has_port(url)


def _has_port(url: SplitResult) -> bool:
    try:
        return url.port is None or url.port > 0
    except ValueError:
        return False
