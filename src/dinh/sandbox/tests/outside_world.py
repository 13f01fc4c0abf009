"""The stand-ins behind a gateway of their own, as the demo registers them, and lines to them for tests."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.exchange.adapters.transport import forget_tokens
from dinh.exchange.api import Account, HouseKeys, Line
from dinh.exchange.gateway.snapshot import CONFIGURATION_SQL
from dinh.exchange.operations.demo_outside import ACCOUNTS, register_outside_services
from dinh.exchange.operations.token_keys import rotate_token_keys
from dinh.exchange.tests.running import RunningGateway
from dinh.exchange.tests.world import make_secret, make_system
from dinh.sandbox.faults import Mode
from dinh.sandbox.server import Sandbox, Server

NO_DATABASE = "postgresql://nobody@127.0.0.1:1/none"
TIMEOUT_SECONDS = 2


@dataclass
class Outside:
    """
    :param sandbox: whose faults and clock tests set
    """

    sandbox: Sandbox
    gateway: RunningGateway
    keys: HouseKeys

    def line(self, **story: str) -> Line:
        return Line(gateway=self.gateway.url, keys=self.keys, **story)

    def misbehave(self, service: str, mode: Mode, *, count: int = 1) -> None:
        self.sandbox.faults.set(service, mode, count=count)

    def pass_time(self, seconds: float) -> None:
        self.sandbox.desk.store.pass_time(seconds)


@contextlib.contextmanager
def running_sandbox(folder: Path) -> Iterator[Sandbox]:
    server = Server(0)
    address = f"http://127.0.0.1:{server.server_port}"
    server.sandbox = Sandbox(folder / "pki", address, slow_seconds=TIMEOUT_SECONDS + 1.0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.sandbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def outside_world(
    folder: Path, *, change: Callable[[Sandbox, Appointment], None] | None = None
) -> Iterator[Outside]:
    """
    One sandbox and one gateway for the tests of a module.

    The registry is built within the module's transaction, which no other process sees: the gateway works by the
    configuration that lies on its disk, as it does while the database is away.

    :param change: what the keeper changes of the registry beforehand
    """
    with running_sandbox(folder) as sandbox:
        keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
        keys = _registered(sandbox, keeper)
        if change:
            change(sandbox, keeper)
        gateway = RunningGateway(folder, NO_DATABASE)
        _leave_configuration(folder / "exchange" / gateway.name)
        gateway.start()
        forget_tokens()
        try:
            yield Outside(sandbox, gateway, keys)
        finally:
            gateway.kill()


def _registered(sandbox: Sandbox, keeper: Appointment) -> HouseKeys:
    caller, now = make_system("MOTCUA"), timezone.now()
    secret, plain = make_secret(caller)
    rotate_token_keys(at=now)
    register_outside_services(
        keeper=keeper, caller=caller, sandbox=sandbox.address, at=now, timeout_seconds=TIMEOUT_SECONDS
    )
    return HouseKeys(secret.consumer_key, plain, {name: Account(**row) for name, row in ACCOUNTS.items()})


def _leave_configuration(folder: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CONFIGURATION_SQL)
        told = cursor.fetchone()[0]
    folder.mkdir(parents=True)
    (folder / "configuration.json").write_text(told)
