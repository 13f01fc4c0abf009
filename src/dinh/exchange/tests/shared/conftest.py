"""Tests here neither change the registry nor end a gateway: those of a module share both."""

import pytest
from django.utils import timezone

from dinh.exchange.models import Exchange


@pytest.fixture
def world(shared_world, db):
    return shared_world


@pytest.fixture
def upstream(shared_upstream):
    shared_upstream.seen.clear()
    return shared_upstream


@pytest.fixture
def gateway(shared_gateway, world, upstream):
    return shared_gateway


@pytest.fixture
def own_log(world):
    """Of the log what this test did: what tests before it did may be shipped later."""
    return Exchange.objects.filter(started_at__gte=timezone.now())
