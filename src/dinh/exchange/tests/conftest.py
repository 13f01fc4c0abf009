import copy

import pytest
from django.core.management import call_command

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory
from dinh.exchange.tests.provider import PATHS, provider
from dinh.exchange.tests.running import running_gateway
from dinh.exchange.tests.two_gateways import both_ends
from dinh.exchange.tests.world import make_system, make_version, small_world


@pytest.fixture
def owner(db):
    """Head of the unit that offers `version`."""
    return AppointmentFactory(roles=[Role.UNIT_HEAD])


@pytest.fixture
def version(owner):
    """Of a service in the network that nobody calls."""
    return make_version(
        make_system("D", unit=owner.unit),
        base_url="http://10.1.2.3",
        service="kho",
        version="1",
        paths=["/a"],
    )


@pytest.fixture
def upstream():
    with provider() as server:
        yield server


@pytest.fixture
def world(transactional_db, upstream):
    """MOTCUA may call all operations of DMDC's service `kho`, version 1.0."""
    return make_world(upstream)


def make_world(upstream):
    return small_world(
        base_url=f"{upstream.url}/base",
        service="kho",
        version="1.0",
        paths=PATHS,
        rate=1000,
        daily_quota=100_000,
    )


@pytest.fixture
def gateway(world, tmp_path):
    with running_gateway(tmp_path) as running:
        yield running


@pytest.fixture
def token(gateway, world):
    return gateway.token(*world.key_and_secret)


@pytest.fixture(scope="module")
def shared_upstream():
    with provider() as server:
        yield server


@pytest.fixture(scope="module")
def shared_world(django_db_setup, django_db_blocker, shared_upstream):
    """As `world`, for all tests of a module; committed, since gateways read it, and cleared at the end."""
    with django_db_blocker.unblock():
        yield make_world(shared_upstream)
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture(scope="module")
def shared_gateway(shared_world, tmp_path_factory):
    """As `gateway`, for all tests of a module that do not end it."""
    with running_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def lent_world(shared_world, shared_gateway):
    """`shared_world` for a test that changes its rows: for the next, they are as they were; what it adds stays."""
    yield copy.deepcopy(shared_world)
    shared_world.save()
    shared_gateway.take_up()


@pytest.fixture(scope="module")
def shared_ends(shared_world, tmp_path_factory):
    """As `ends`, for all tests of a module that neither change the registries nor end a gateway."""
    with both_ends(shared_world, tmp_path_factory.mktemp("ends")) as both:
        yield both


@pytest.fixture
def ends(world, tmp_path):
    """Ours, which MOTCUA asks, and theirs, which serves DMDC's `kho`."""
    with both_ends(world, tmp_path) as both:
        yield both
