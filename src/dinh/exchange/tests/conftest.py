import pytest

from dinh.exchange.tests.provider import PATHS, provider
from dinh.exchange.tests.running import running_gateway
from dinh.exchange.tests.world import small_world


@pytest.fixture
def upstream():
    with provider() as server:
        yield server


@pytest.fixture
def world(transactional_db, upstream):
    """MOTCUA may call all operations of DMDC's service `kho`, version 1.0."""
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
