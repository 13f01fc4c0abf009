"""The command `dinh`."""

import gc
import json
import os
import resource
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from dinh.config.environment import Environment

HELP: Final = """\
dinh up [--demo]           everything on this machine: PostgreSQL unless DINH_DATABASE_URL is given, web, worker
dinh web                   pages and REST
dinh worker                background jobs and the audit log's sealer
dinh gateway               the exchange's gateway: calls between systems
dinh sandbox               stand-ins for outside systems (demo and tests)
dinh doctor                explain each bad or missing setting
dinh verify FILE.pdf       check the signatures of a document
dinh evidence verify FILE  check an exported evidence package
dinh audit verify          check that the audit log is whole
dinh exchange verify       check that the exchange's log is whole
dinh exchange gateway-key  key and certificate of this machine's gateway: show, renew
dinh exchange subject-key  keys that persons' numbers are hashed with: list, rotate, reseal, give-up
dinh help                  every other command
"""
_ALIASES: Final = {
    ("audit", "verify"): "audit_verify",
    ("exchange", "verify"): "exchange_verify",
    ("exchange", "subject-key"): "exchange_subject_key",
    ("exchange", "gateway-key"): "exchange_gateway_key",
}


def main() -> None:
    """Run a command of the house; what is not one of ours goes to Django's management."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dinh.config.settings")
    # What a command loads stays: looking for circles among it each 700 objects took a sixth of its start.
    gc.set_threshold(50_000, 20, 20)
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in {"-h", "--help"}:
        sys.stdout.write(HELP)
        return
    try:
        sys.exit(_run(arguments))
    except ImproperlyConfigured as refusal:
        sys.exit(f"{refusal}\n`dinh doctor` explains the settings.")


def _run(arguments: list[str]) -> int:
    own = _COMMANDS.get(arguments[0])
    if own:
        return own(arguments[1:])
    adopt_running_demo()
    _manage(arguments)
    return 0


def adopt_running_demo() -> None:
    """Take the settings that `dinh up` wrote into the data folder, so that commands beside it meet it."""
    written = Environment().path("DINH_DATA_DIR", default="var") / "environment.json"
    if written.is_file() and "DINH_DATABASE_URL" not in os.environ:
        for name, value in json.loads(written.read_text()).items():
            os.environ.setdefault(name, value)


def _manage(arguments: list[str]) -> None:
    from django.core.management import execute_from_command_line

    if command := _ALIASES.get((arguments[0], *arguments[1:2])):  # type: ignore[arg-type]
        arguments = [command, *arguments[2:]]
    execute_from_command_line(["dinh", *arguments])


def _up(arguments: list[str]) -> int:
    from dinh.config.up import up

    return up(demo="--demo" in arguments)


def _web(arguments: list[str]) -> int:
    adopt_running_demo()
    environment = Environment()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--respawn-failed-workers"]
    command += ["--host", environment.text("DINH_HOST", default="127.0.0.1")]
    command += ["--port", str(environment.number("PORT", default=8000))]
    command += ["--workers", str(environment.number("DINH_WEB_WORKERS", default=2))]
    command += ["--blocking-threads", str(environment.number("DINH_WEB_THREADS", default=4))]
    os.execv(sys.executable, [*command, *arguments, "dinh.config.wsgi:application"])  # noqa: S606


def _worker(arguments: list[str]) -> int:
    from dinh.config.supervisor import Supervisor
    from dinh.config.up import worker_children

    adopt_running_demo()
    data_dir = Environment().path("DINH_DATA_DIR", default="var")
    Supervisor(data_dir=data_dir, children=worker_children()).run()
    return 0


def _gateway(arguments: list[str]) -> int:
    """One process that answers calls, with one that keeps its log and one that ships it."""
    # Ten thousand slow callers are ten thousand open sockets.
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    adopt_running_demo()
    environment = Environment()
    data_dir = environment.path("DINH_DATA_DIR", default="var")
    port = environment.number("DINH_GATEWAY_PORT", default=environment.number("PORT", default=8000) + 3)
    os.environ.setdefault("DINH_GATEWAY_URL", f"http://127.0.0.1:{port}")
    os.environ["DINH_SECRET_KEY"] = environment.secret("DINH_SECRET_KEY", file=data_dir / "secret-key")
    os.environ["DINH_GATEWAY_PORT"] = str(port)
    os.execv(sys.executable, [sys.executable, "-m", "dinh.exchange.gateway", *arguments])  # noqa: S606


def _sandbox(arguments: list[str]) -> int:
    from dinh.config.up import sandbox_main

    adopt_running_demo()
    run = sandbox_main()
    if not run:
        sys.stderr.write("This installation has no sandbox.\n")
        return 1
    run()
    return 0


def _doctor(arguments: list[str]) -> int:
    from dinh.config.doctor import doctor

    adopt_running_demo()
    return doctor()


def _verify(arguments: list[str]) -> int:
    verify_main: Callable[[list[str]], int | None] = import_module("dinh.pki.command").verify_main
    return verify_main(arguments) or 0


def _evidence(arguments: list[str]) -> int:
    evidence_main: Callable[[list[str]], int] = import_module("dinh.audit.command").evidence_main
    return evidence_main(arguments)


def _prepare(arguments: list[str]) -> int:
    from dinh.config.up import prepare

    prepare(demo="--demo" in arguments)
    return 0


_COMMANDS: Final[dict[str, Callable[[list[str]], int]]] = {
    "up": _up,
    "web": _web,
    "worker": _worker,
    "gateway": _gateway,
    "sandbox": _sandbox,
    "doctor": _doctor,
    "verify": _verify,
    "evidence": _evidence,
    "prepare": _prepare,
}
