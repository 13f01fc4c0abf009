"""Who gets a token, and which are taken."""

import base64
import json
import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dinh.exchange.tests.running import problem
from dinh.exchange.tests.world import signing_key


def test_token_names_system_and_key_and_is_verified_by_the_published_keys(gateway, world, token):
    keys = httpx.get(f"{gateway.url}/.well-known/jwks.json").json()["keys"]
    header = jwt.get_unverified_header(token)
    key = next(each for each in keys if each["kid"] == header["kid"])

    claims = jwt.decode(
        token,
        jwt.PyJWK(key).key,
        algorithms=["EdDSA"],
        audience="dinh-exchange",
        issuer="http://gateway.test",
    )

    assert (claims["sub"], claims["client_id"]) == ("VN/GOV/H03.MOTCUA/MOTCUA", world.secret.consumer_key)
    assert 3599 < claims["exp"] - claims["iat"] <= 3600
    assert "d" not in key


@pytest.mark.parametrize(
    "form",
    [
        "grant_type=password", "", "grant_type=client_credentials&" + "a=1&" * 50,
        "grant_type=password&grant_type=client_credentials", "grant_type=client_credentials&scope=a&scope=b",
    ],
)  # fmt: skip
def test_other_grants_are_refused_as_rfc_6749_says(gateway, world, form):
    answer = gateway.ask_token(*world.key_and_secret, form=form)

    assert answer.status_code == 400
    assert answer.json()["error"] in ("unsupported_grant_type", "invalid_request")
    assert answer.headers["cache-control"] == "no-store"


def test_wrong_secret_and_unknown_key_get_the_same_answer(gateway, world):
    key, secret = world.key_and_secret

    wrong, unknown = gateway.ask_token(key, secret + "x"), gateway.ask_token("nobody", secret)

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["error"] == "invalid_client"
    assert wrong.headers["www-authenticate"].startswith("Basic")


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def b64(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forgeries(token, world):
    """Names and tokens that must not be taken."""
    kid, key = signing_key()
    claims = claims_of(token)
    public = key.public_key()
    stranger = Ed25519PrivateKey.generate()
    yield "none", f"{b64({'alg': 'none', 'kid': kid})}.{b64(claims)}."
    yield "None without kid", f"{b64({'alg': 'None'})}.{b64(claims)}."
    secret = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    yield "public key as HMAC secret", jwt.encode(claims, secret, algorithm="HS256", headers={"kid": kid})
    yield "foreign key under our kid", jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": kid})
    yield "unknown kid", jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": "x"})
    yield "kid is a path", jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": "../../dev/null"})
    yield "no kid", jwt.encode(claims, key, algorithm="EdDSA")
    head, body, signature = token.split(".")
    yield "changed claims", f"{head}.{b64(claims | {'exp': claims['exp'] + 9})}.{signature}"
    yield "cut signature", f"{head}.{body}.{signature[:-4]}"
    yield "no signature", f"{head}.{body}."
    yield "rubbish", "a.b.c"
    yield "too long", token + "A" * 5000
    past = int(time.time()) - 10
    for name, changed in {
        "expired": {"exp": past},
        "another issuer": {"iss": "http://other"},
        "another audience": {"aud": "x"},
        "not yet": {"nbf": int(time.time()) + 999},
        "key of nobody": {"client_id": "x"},
        "another system": {"sub": "VN/GOV/H03.DMDC/DMDC"},
        "issued in the future": {"iat": int(time.time()) + 9999},
    }.items():
        yield name, jwt.encode(claims | changed, key, algorithm="EdDSA", headers={"kid": kid})
    for missing in ("exp", "iat", "iss", "aud", "sub", "client_id"):
        kept = {name: value for name, value in claims.items() if name != missing}
        yield f"without {missing}", jwt.encode(kept, key, algorithm="EdDSA", headers={"kid": kid})


def test_forged_tokens_are_refused(gateway, world, token):
    found = {
        name: problem(gateway.call("/kho/1.0/small", forged)) for name, forged in forgeries(token, world)
    }

    assert {name: answer for name, answer in found.items() if answer != (401, "invalid-token")} == {}
    assert gateway.call("/kho/1.0/small", token).status_code == 200


@pytest.mark.parametrize("value", ["", "Bearer", "Basic eDp5", "Token abc"])
def test_without_a_token_the_scheme_is_named(gateway, value):
    answer = httpx.get(f"{gateway.url}/kho/1.0/small", headers={"Authorization": value} if value else {})

    assert problem(answer) == (401, "no-token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="exchange"'
