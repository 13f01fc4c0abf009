"""`dinh doctor`: explains each bad or missing setting, and how to mend it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured

NEEDED_PROGRAMS: Final = {
    "soffice": "LibreOffice turns Word files into PDF: apt install libreoffice-writer-nogui",
    "tesseract": "Tesseract reads scans: apt install tesseract-ocr tesseract-ocr-vie",
}
_PROGRAMS: Final = NEEDED_PROGRAMS | {
    "chromium-headless-shell": (
        "Chromium without a window runs the browser tests only: apt install chromium-headless-shell"
    ),
}


def doctor() -> int:
    """Write one line per finding. :returns: 1 if something must be mended, else 0"""
    try:
        import django

        django.setup()
    except ImproperlyConfigured as error:
        for line in str(error).splitlines():
            _write("BAD", line)
        return 1
    bad = 0
    for check in _CHECKS:
        for mark, finding in check():
            _write(mark, finding)
            bad += mark == "BAD"
    return 1 if bad else 0


def _write(mark: str, finding: str) -> None:
    sys.stdout.write(f"{mark:>4}  {finding}\n")


def _settings() -> Iterator[tuple[str, str]]:
    from django.conf import settings

    if settings.DEBUG:
        yield "WARN", "DINH_DEBUG is on: never in production."
    if settings.DEMO:
        yield "WARN", "DINH_DEMO is on: known passwords, sandbox services."
        return
    yield from _missing()


def _missing() -> Iterator[tuple[str, str]]:
    """What production does without, and what follows."""
    from django.conf import settings

    if not settings.TRUST_ANCHORS:
        yield (
            "WARN",
            (
                "DINH_TRUST_ANCHORS is not set: no signature can be judged valid, no certificate registered. Name the "
                "files of the root certificates."
            ),
        )
    if "DINH_SMTP_URL" not in os.environ:
        yield "WARN", "DINH_SMTP_URL is not set: no mail goes out, notifications stay in the pages."
    if not settings.TIMESTAMP_URL:
        yield "WARN", "DINH_TIMESTAMP_URL is not set: signatures get no timestamp (RFC 3161)."
    if not settings.HTTPS:
        yield "WARN", "DINH_HTTPS is off: cookies travel unprotected; set 1 behind a TLS proxy."
    if not {"DINH_ALLOWED_HOSTS", "DINH_BASE_URL"} <= os.environ.keys():
        yield "WARN", "DINH_ALLOWED_HOSTS and DINH_BASE_URL are not set: only this machine can use the pages."


def _proxies() -> Iterator[tuple[str, str]]:
    """Where settings speak of a proxy elsewhere, it must be named; how requests really come tells `way_in`."""
    from django.conf import settings

    from dinh.config.way_in import findings

    listens = os.environ.get("DINH_HOST", "127.0.0.1")
    is_elsewhere = settings.HTTPS and listens not in ("127.0.0.1", "localhost", "::1")
    if is_elsewhere and "DINH_TRUSTED_PROXIES" not in os.environ:
        yield (
            "WARN",
            (
                f"DINH_TRUSTED_PROXIES is not set, and DINH_HOST {listens} is for a proxy on another machine: name it, "
                "or all people seem to come from its address."
            ),
        )
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield (
            "WARN",
            (
                "DINH_TRUSTED_PROXIES is empty though DINH_HTTPS is on: name the TLS proxy, or all people seem to come "
                "from its address."
            ),
        )
    yield from findings()


def _keys() -> Iterator[tuple[str, str]]:
    """Files of keys and certificates hold what they should."""
    from django.conf import settings

    from dinh.audit.keys import UnusableSealKey, sealing_signer
    from dinh.pki.api import UnusableAnchor, load_certificates

    for file in settings.TRUST_ANCHORS:
        try:
            load_certificates(Path(file).read_bytes())
        except UnusableAnchor:
            yield "BAD", f"DINH_TRUST_ANCHORS: {file} holds no certificate (PEM or DER)."
    if settings.SEAL_KEY:
        try:
            sealing_signer()
        except (UnusableSealKey, UnusableAnchor):
            files = f"{settings.SEAL_KEY} and {settings.SEAL_CERTIFICATE}"
            yield "BAD", f"DINH_SEAL_KEY: {files} must be an RSA or EC key in PEM and its certificate."


def _gateway() -> Iterator[tuple[str, str]]:
    from dinh.exchange.gateway.settings import BadSetting, settings_from_environment

    try:
        settings_from_environment()
    except BadSetting as refusal:
        yield "BAD", str(refusal)


def _providers() -> Iterator[tuple[str, str]]:
    from django.conf import settings

    from dinh.exchange.health import local_providers

    name, found = "DINH_EXCHANGE_LOCAL_PROVIDERS", local_providers()
    if settings.EXCHANGE_LOCAL_PROVIDERS and not settings.DEMO:
        yield "WARN", f"{name} is on: whoever offers services can have this machine's own ports asked."
    elif found and not settings.DEMO:
        yield (
            "BAD",
            f"{name} is off, but {', '.join(found)} have addresses of this machine itself and are not reached: "
            "give them its address in the network, or set 1.",
        )


def _checked() -> Iterator[tuple[str, str]]:
    for message in run_checks():
        if message.level >= ERROR:
            yield "BAD", " ".join(filter(None, [message.msg, message.hint]))


def _data_dir() -> Iterator[tuple[str, str]]:
    from django.conf import settings

    folder: Path = settings.DATA_DIR
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        yield "BAD", f"DINH_DATA_DIR: {folder} is not a folder that this account may write to."
        return
    free = shutil.disk_usage(folder).free // 2**30
    yield ("ok" if free >= 5 else "WARN"), f"DINH_DATA_DIR: {folder}, {free} GB free"


def _blobs() -> Iterator[tuple[str, str]]:
    from django.conf import settings
    from django.core.files.storage import storages

    if not settings.S3_BUCKET:
        return
    try:
        storages["blobs"].exists("doctor")
    except Exception as error:
        yield "BAD", f"DINH_S3_BUCKET: {settings.S3_BUCKET} does not answer: {error}"
        return
    yield "ok", f"DINH_S3_BUCKET: {settings.S3_BUCKET} answers"


def _scanner() -> Iterator[tuple[str, str]]:
    from dinh.storage.scanning import scanner_answers

    reason = scanner_answers()
    if reason is not None:
        yield ("BAD", f"DINH_CLAMAV: {reason}") if reason else ("ok", "ClamAV answers")


def _database() -> Iterator[tuple[str, str]]:
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        connection.ensure_connection()
        pending = MigrationExecutor(connection).migration_plan(
            MigrationExecutor(connection).loader.graph.leaf_nodes()
        )
    except DatabaseError as error:
        yield "BAD", f"DINH_DATABASE_URL: the database does not answer: {str(error).strip()}"
        return
    version = connection.cursor().connection.info.server_version // 10000
    yield ("ok" if version >= 15 else "BAD"), f"PostgreSQL {version} (15 or newer is needed)"
    if pending:
        yield "BAD", f"{len(pending)} migrations are pending: run `dinh migrate`."


def _law() -> Iterator[tuple[str, str]]:
    from dinh.kernel.law import lawbooks

    try:
        amount = sum(len(book.rules()) for book in lawbooks)
    except (ImproperlyConfigured, TypeError, ValueError, KeyError) as error:
        yield "BAD", f"The rules of law cannot be read: {error}"
        return
    yield "ok", f"{amount} rules of law"


def _outside() -> Iterator[tuple[str, str]]:
    """The demo's own stand-ins are told of as the sandbox."""
    from django.conf import settings

    from dinh.config import reach

    if not settings.DEMO:
        yield from reach.services()
    yield from reach.security_module()
    yield from reach.revocation_folder()
    yield from reach.unknown_names()


def _services() -> Iterator[tuple[str, str]]:
    from dinh.config.health import sandbox_answers, worker_answers
    from dinh.exchange.health import gateway_answers

    reason = worker_answers()
    yield ("WARN", f"Worker: {reason}") if reason else ("ok", "Worker answers")
    if "DINH_GATEWAY_URL" in os.environ:
        reason = gateway_answers()
        yield ("WARN", f"DINH_GATEWAY_URL: {reason}") if reason else ("ok", "Gateway answers")
    if "DINH_SANDBOX_URL" in os.environ:
        reason = sandbox_answers()
        yield ("WARN", f"DINH_SANDBOX_URL: {reason}") if reason else ("ok", "Sandbox answers")


def _programs() -> Iterator[tuple[str, str]]:
    for name, purpose in _PROGRAMS.items():
        found = shutil.which(name)
        yield ("ok", f"{name}: {found}") if found else ("WARN", f"{name} is missing. {purpose}")


_CHECKS: Final[list[Callable[[], Iterator[tuple[str, str]]]]] = [
    _checked,
    _settings,
    _proxies,
    _keys,
    _gateway,
    _data_dir,
    _blobs,
    _scanner,
    _law,
    _database,
    _providers,
    _outside,
    _services,
    _programs,
]
