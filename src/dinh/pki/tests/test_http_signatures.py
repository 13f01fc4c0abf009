"""HTTP message signatures against the examples of RFC 9421 (2.4, B.2) and digests against those of RFC 9530 (B.1)."""

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from dinh.pki.http_signatures import (
    BadMessageSignature,
    content_digest,
    read_content_digest,
    read_signature,
    sign_message,
    verify_message,
)

ECC_P256 = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----"""
RSA_PSS = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----"""
REQUEST_DIGEST = (
    b"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
)
REQUEST = {
    '"date"': b"Tue, 20 Apr 2021 02:07:55 GMT",
    '"@method"': b"POST",
    '"@path"': b"/foo",
    '"@query"': b"?param=Value&Pet=dog",
    '"@authority"': b"example.com",
    '"content-type"': b"application/json",
    '"content-digest"': REQUEST_DIGEST,
    '"content-length"': b"18",
}
RESPONSE = {
    '"@status"': b"200",
    '"content-type"': b"application/json",
    '"content-digest"': b"sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ4"
    b"1QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
    '"content-length"': b"23",
}
# Section 2.4: an answer that covers parts of its request.
TIED = {
    '"@status"': b"503",
    '"content-digest"': b"sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkk"
    b"WWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:",
    '"content-type"': b"application/json",
    '"@authority";req': b"example.com",
    '"@method";req': b"POST",
    '"@path";req': b"/foo",
    '"content-digest";req': REQUEST_DIGEST,
}
EXAMPLES = {
    "B.2.3": (
        REQUEST, RSA_PSS,
        b'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")'
        b';created=1618884473;keyid="test-key-rsa-pss"',
        b"sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768Zr"
        b"CUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCo"
        b"C1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIz"
        b"tsDZKEgM4cUA==:",
    ),
    "B.2.4": (
        RESPONSE, ECC_P256,
        b'sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473'
        b';keyid="test-key-ecc-p256"',
        b"sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:",
    ),
    "2.4": (
        TIED, ECC_P256,
        b'reqres=("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req '
        b'"content-digest";req);created=1618884479;keyid="test-key-ecc-p256"',
        b"reqres=:dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==:",
    ),
}  # fmt: skip


@pytest.mark.parametrize("section", EXAMPLES)
def test_examples_of_the_standard_verify(section):
    components, pem, told, value = EXAMPLES[section]
    key = load_pem_public_key(pem.encode())
    signature = read_signature(told, value)
    if section == "B.2.3":
        # The example's algorithm is that of its key.
        signature = replace(signature, alg="rsa-pss-sha512")

    base = verify_message(components, signature, key=key)

    assert signature.created in (1618884473, 1618884479)
    assert base.endswith(b'"@signature-params": ' + told.partition(b"=")[2])
    for name in signature.covered:
        with pytest.raises(BadMessageSignature, match="not that of the named key"):
            verify_message(components | {name: components[name] + b"x"}, signature, key=key)
        with pytest.raises(BadMessageSignature, match="is not there"):
            verify_message(
                {key: value for key, value in components.items() if key != name}, signature, key=key
            )


def test_signature_base_is_that_of_the_standard():
    components, pem, told, value = EXAMPLES["2.4"]

    base = verify_message(
        components, read_signature(told, value), key=load_pem_public_key(pem.encode())
    ).decode()

    assert base.splitlines() == [
        '"@status": 503',
        f'"content-digest": {TIED[chr(34) + "content-digest" + chr(34)].decode()}',
        '"content-type": application/json',
        '"@authority";req: example.com',
        '"@method";req: POST',
        '"@path";req: /foo',
        f'"content-digest";req: {REQUEST_DIGEST.decode()}',
        f'"@signature-params": {told.decode().partition("=")[2]}',
    ]


@pytest.mark.parametrize("kind", ["ecdsa-p256-sha256", "rsa-v1_5-sha256"])
def test_own_signature_verifies_with_its_parameters(kind):
    rsa_key = rsa.generate_private_key(65537, 2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    key, other = (ec_key, rsa_key) if kind.startswith("ecdsa") else (rsa_key, ec_key)

    told, value = sign_message(
        REQUEST,
        label="dinh",
        covered=['"@method"', '"@path"'],
        key=key,
        keyid="k",
        created=7,
        nonce="n",
        tag="t",
    )

    signature = read_signature(told, value)
    found = (
        signature.alg,
        signature.keyid,
        signature.nonce,
        signature.tag,
        signature.created,
        signature.covered,
    )
    assert found == (kind, "k", "n", "t", 7, ('"@method"', '"@path"'))
    assert verify_message(REQUEST, signature, key=key.public_key())
    with pytest.raises(BadMessageSignature):
        verify_message(REQUEST, signature, key=other.public_key())


@pytest.mark.parametrize(
    ("told", "value"),
    [
        (b"", b""),
        (b'a=("x");created=1', b"b=:YQ==:"),
        (b'a=("x");created=1, b=("y");created=1', b"a=:YQ==:, b=:YQ==:"),
        (b'a=("x" "x");created=1', b"a=:YQ==:"),
        (b'a=("x");created=1;created=2', b"a=:YQ==:"),
        (b'a=("x");created="soon"', b"a=:YQ==:"),
        (b'a=("x";bs);created=1', b"a=:YQ==:"),
        (b'a=("x");created=1;nonce="a\nb"', b"a=:YQ==:"),
        (b'a=("x");created=1', b"a=:Y:"),
        (b'a=("x")' + b";a=1" * 10_000, b"a=:YQ==:"),
    ],
)
def test_other_forms_are_refused(told, value):
    with pytest.raises(BadMessageSignature):
        read_signature(told, value)


def test_digest_is_that_of_the_standards_example():
    body = b'{"hello": "world"}\n'
    field = b"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"

    assert content_digest(hashlib.sha256(body).digest()) == field
    assert read_content_digest(field) == hashlib.sha256(body).digest()
    assert read_content_digest(b"sha-512=:YWJj:, " + field) == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    "field", [b"", b"sha-512=:YWJj:", b"sha-256=YWJj", b"sha-256=:YWJj:", b"SHA-256=abc"]
)
def test_digest_without_sha256_is_refused(field):
    with pytest.raises(BadMessageSignature):
        read_content_digest(field)
