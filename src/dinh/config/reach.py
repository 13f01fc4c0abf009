"""Whether what settings name is there and answers: services, security module, folders; and names mistyped."""

import difflib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

SECONDS: Final = 2
"""How long each is waited for: a doctor that hangs tells nothing."""
_PORTS: Final = {"http": 80, "https": 443, "smtp": 25, "smtp+starttls": 25, "smtps": 465}
_NAME: Final = re.compile(r"\bDINH_[A-Z0-9_]*[A-Z0-9]\b")
_LIST_TOKENS: Final = (
    "import sys, pkcs11\nfor token in pkcs11.lib(sys.argv[1]).get_tokens(): print(token.label)\n"
)


def services() -> Iterator[tuple[str, str]]:
    """Each outside service is asked for a connection, no more: what it answers to is its own users' to see."""
    from django.conf import settings

    asked = {
        "DINH_TIMESTAMP_URL": (settings.TIMESTAMP_URL, "signatures get no timestamp"),
        "DINH_REMOTE_SIGNING_URL": (settings.REMOTE_SIGNING_URL, "nobody signs on a phone"),
        "DINH_SMTP_URL": (os.environ.get("DINH_SMTP_URL", ""), "no mail goes out"),
    }
    for name, (address, else_what) in asked.items():
        if not address:
            continue
        reason, host = refusal(address), urlsplit(address).hostname
        told = f"{name}: {host} does not answer ({reason}): {else_what} until it does."
        yield ("WARN", told) if reason else ("ok", f"{name}: {host} answers")


def refusal(address: str) -> str:
    """Why no connection can be had, empty if one can."""
    url = urlsplit(address)
    try:
        socket.create_connection((url.hostname or "", url.port or _PORTS[url.scheme]), SECONDS).close()
    except OSError as error:
        return str(error.strerror or error)
    return ""


def security_module() -> Iterator[tuple[str, str]]:
    """The library is loaded by a process of its own: one that is none may end it."""
    from django.conf import settings

    if not settings.PKCS11_MODULE:
        return
    if not settings.PKCS11_PIN:
        yield "BAD", "DINH_PKCS11_PIN is not set: no key of DINH_PKCS11_MODULE signs without it."
    tokens = _tokens(settings.PKCS11_MODULE)
    if tokens is None:
        yield (
            "BAD",
            f"DINH_PKCS11_MODULE: {settings.PKCS11_MODULE} is no library of a security module (PKCS#11).",
        )
    elif not tokens:
        yield (
            "WARN",
            f"DINH_PKCS11_MODULE: {settings.PKCS11_MODULE} shows no token: is it plugged in and set up?",
        )
    else:
        yield "ok", f"DINH_PKCS11_MODULE: tokens {', '.join(tokens)}"


def _tokens(module: str) -> list[str] | None:
    command = [sys.executable, "-c", _LIST_TOKENS, module]
    try:
        done = subprocess.run(  # noqa: S603 (our own Python; the module is what the operator named)
            command, capture_output=True, text=True, timeout=5 * SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return [line.strip() for line in done.stdout.splitlines()] if done.returncode == 0 else None


def revocation_folder() -> Iterator[tuple[str, str]]:
    """Where `dinh verify` keeps revocation lists, if it is named: the nearest folder that is there takes files."""
    given = os.environ.get("DINH_REVOCATION_DIR")
    if not given:
        return
    wanted = Path(given).expanduser().absolute()
    there = next((each for each in (wanted, *wanted.parents) if each.exists()), wanted)
    if not there.is_dir() or not os.access(there, os.W_OK):
        yield "BAD", f"DINH_REVOCATION_DIR: {wanted} is not a folder that this account may write to."


def unknown_names() -> Iterator[tuple[str, str]]:
    """Variables that nothing reads: mostly a slip of the pen, and the setting that was meant keeps its default."""
    known = known_names()
    for name in sorted(each for each in os.environ if each.startswith("DINH_") and each not in known):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
        meant = f" Did you mean {near[0]}?" if near else ""
        yield "WARN", f"{name} is no setting of this release; nothing reads it.{meant}"


def known_names() -> set[str]:
    """All names that the code reads; its words are the only list that is never behind."""
    package = Path(__file__).resolve().parents[1]
    sources = (path for path in package.rglob("*.py") if "tests" not in path.relative_to(package).parts)
    return {name for path in sources for name in _NAME.findall(path.read_text(encoding="utf-8"))}
