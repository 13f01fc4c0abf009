import shutil
import threading

import httpx
import pytest

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.sandbox.faults import Faults
from dinh.sandbox.server import Sandbox, Server
from dinh.signing.operations.demo import issue_demo_certificates


@pytest.fixture(scope="session")
def listening(tmp_path_factory):
    """One sandbox for all tests, since keys take long to make."""
    server = Server(0)
    address = f"http://127.0.0.1:{server.server_port}"
    server.sandbox = Sandbox(tmp_path_factory.mktemp("sandbox") / "pki", address, slow_seconds=1.0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.sandbox
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def sandbox(settings, listening):
    """The sandbox as if just started, with nothing revoked and nothing in the cache of those who ask it."""
    folder = listening.folder.parent
    settings.DATA_DIR, settings.DEMO, settings.SANDBOX_URL = folder, True, listening.address
    settings.TIMESTAMP_URL = f"{listening.address}/tsa"
    listening.faults = Faults()
    (listening.folder / "revoked.json").unlink(missing_ok=True)
    shutil.rmtree(folder / "revocation", ignore_errors=True)
    return listening


@pytest.fixture
def people(db, sandbox):
    """A leader with keys, and the clerk of the same unit, in a demo whose certificates name the sandbox."""
    leader = AppointmentFactory(roles=[Role.UNIT_HEAD])
    account = AccountFactory(current_appointment=leader)
    account.set_password("secret")
    account.save()
    clerk = AppointmentFactory(unit=leader.unit, roles=[Role.CLERK])
    issue_demo_certificates()
    return leader, clerk


@pytest.fixture
def order(sandbox):
    """Gives the sandbox an order and returns its answer."""

    def send(what, **fields):
        answer = httpx.post(f"{sandbox.address}/control/{what}", json=fields, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send
