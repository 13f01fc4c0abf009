"""Tokens and the keys that they are signed with."""

import base64
import json
import time

import httpx
import jwt
import pytest
from django.db import connection
from django.utils import timezone

from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.snapshot import CONFIGURATION_SQL, snapshot_of
from dinh.exchange.gateway.tokens import LEEWAY, Tokens
from dinh.exchange.models import TokenKey
from dinh.exchange.operations.token_keys import PUBLISHED_BEFORE, ROTATED_AFTER, rotate_token_keys
from dinh.exchange.tests.world import signing_key


def test_new_key_is_known_to_all_a_day_before_it_signs_and_old_tokens_are_still_taken(gateway, world, token):
    now = timezone.now()
    first = TokenKey.objects.get()
    TokenKey.objects.update(created_at=now - ROTATED_AFTER)
    second = rotate_token_keys(at=now)
    first.refresh_from_db()
    gateway.take_up()

    def published():
        told = httpx.get(f"{gateway.url}/.well-known/jwks.json", trust_env=False).json()
        return [key["kid"] for key in told["keys"]]

    def signs():
        return jwt.get_unverified_header(gateway.token(*world.key_and_secret))["kid"]

    assert (published(), signs()) == ([second.kid, first.kid], first.kid)
    assert first.retired_at == now + PUBLISHED_BEFORE
    assert rotate_token_keys(at=now + PUBLISHED_BEFORE) is None
    TokenKey.objects.filter(pk=first.pk).update(retired_at=timezone.now())
    gateway.take_up()
    assert (published(), signs()) == ([second.kid, first.kid], second.kid)
    assert gateway.call("/kho/1.0/small", token).status_code == 200


@pytest.fixture
def configured(world, settings):
    """Tokens of a gateway that has the configuration of now."""

    def made():
        with connection.cursor() as cursor:
            cursor.execute(CONFIGURATION_SQL)
            snapshot = snapshot_of(cursor.fetchone()[0], secret=settings.SECRET_KEY)
        tokens = Tokens(issuer="i", life=3600)
        tokens.use(snapshot)
        return tokens

    return made


def issued(tokens, world, at):
    basic = base64.b64encode(":".join(world.key_and_secret).encode())
    body, _client = tokens.issue(b"Basic " + basic, b"grant_type=client_credentials", at)
    return b"Bearer " + json.loads(body)["access_token"].encode()


def taken(tokens, authorization, at):
    try:
        return tokens.client_of(authorization, at).identifier
    except Refusal as refusal:
        return refusal.code


def test_token_of_a_gateway_is_taken_by_one_that_has_not_heard_of_the_new_key(configured, world):
    before, now = configured(), time.time()
    TokenKey.objects.update(created_at=timezone.now() - ROTATED_AFTER)
    rotate_token_keys(at=timezone.now())
    after = configured()
    later = now + PUBLISHED_BEFORE.total_seconds() + 1

    client = world.client.identifier
    assert taken(before, issued(after, world, now), now) == client
    assert jwt.get_unverified_header(issued(after, world, later)[7:])["kid"] == TokenKey.objects.first().kid


def test_token_of_a_gateway_whose_clock_is_ahead_is_taken_and_an_expired_one_is_not(configured, world):
    tokens, now = configured(), time.time()

    client = world.client.identifier
    assert taken(tokens, issued(tokens, world, now + LEEWAY / 2), now) == client
    assert taken(tokens, issued(tokens, world, now + LEEWAY * 3), now) == "invalid-token"
    assert taken(tokens, issued(tokens, world, now - 3601), now) == "invalid-token"


def test_token_asked_for_just_after_all_were_revoked_is_taken(configured, world):
    old = issued(configured(), world, time.time())
    world.client.tokens_valid_from = timezone.now()
    world.client.save()
    tokens, now = configured(), time.time()

    client = world.client.identifier
    assert taken(tokens, old, now) == "invalid-token"
    assert taken(tokens, issued(tokens, world, now), now) == client
    assert taken(tokens, issued(tokens, world, now - 2), now) == client


@pytest.mark.django_db
def test_keys_are_made_once_and_sealed():
    first = rotate_token_keys(at=timezone.now())

    assert rotate_token_keys(at=timezone.now()) is None
    _kid, key = signing_key()
    assert key.public_key().public_bytes_raw() == bytes(first.public_key)
    assert key.private_bytes_raw() not in bytes(first.sealed_private_key)
