"""Tokens as keys, systems and members end or change."""

import time

import jwt
import pytest
from django.utils import timezone

from dinh.exchange.models import TokenKey
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.token_keys import ROTATED_AFTER, rotate_token_keys
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.world import signing_key


@pytest.mark.parametrize("end", ["key", "tokens", "system", "member"])
def test_tokens_end_within_two_seconds_with_key_system_and_order(gateway, world, token, end):
    assert gateway.call("/kho/1.0/small", token).status_code == 200

    if end == "key":
        world.secret.revoked_at = timezone.now()
        world.secret.save()
    elif end == "tokens":
        time.sleep(1.1)
        world.client.tokens_valid_from = timezone.now()
        world.client.save()
    else:
        row = world.client if end == "system" else world.client.member
        row.state = "suspended"
        row.save()
    tell_gateways()
    begun = time.monotonic()

    assert eventually(lambda: gateway.call("/kho/1.0/small", token).status_code, 401, seconds=5) == 401
    assert time.monotonic() - begun < 2
    if end == "tokens":
        time.sleep(1)
        fresh = gateway.token(*world.key_and_secret)
        assert gateway.call("/kho/1.0/small", fresh).status_code == 200
    else:
        assert gateway.ask_token(*world.key_and_secret).status_code == 401


def test_rotated_keys_sign_new_tokens_and_still_take_the_old_ones(gateway, world, token):
    rotate_token_keys(at=timezone.now() + ROTATED_AFTER * 2)
    newest = TokenKey.objects.first().kid
    look = lambda: jwt.get_unverified_header(gateway.token(*world.key_and_secret))["kid"]  # noqa: E731

    assert eventually(look, newest) == newest
    assert gateway.call("/kho/1.0/small", token).status_code == 200


@pytest.mark.django_db
def test_keys_are_made_once_and_sealed():
    first = rotate_token_keys(at=timezone.now())

    assert rotate_token_keys(at=timezone.now()) is None
    _kid, key = signing_key()
    assert key.public_key().public_bytes_raw() == bytes(first.public_key)
    assert key.private_bytes_raw() not in bytes(first.sealed_private_key)
