"""
Signing and verifying against stock pyHanko and the bare RSA operation, all in the same run, one core.

Each figure: name, value, unit, limit (what the peer reached), ratio (value to limit), goal, met.
"""

import asyncio
import io
import json
import logging
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measures import figure, skipped

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
SECONDS = 1.5


def rate(act: Callable[[], object]) -> float:
    """How often a second, after one call to warm up."""
    act()
    count, begin = 0, time.perf_counter()
    while (passed := time.perf_counter() - begin) < SECONDS:
        act()
        count += 1
    return count / passed


def run() -> Iterator[dict[str, Any]]:
    """All figures of `signing`."""
    from django.conf import settings

    if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
        settings.configure(USE_I18N=False)
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    from dinh.pki.tests.authority import Authority

    authority = Authority()
    yield from signing_figures(authority)
    yield from token_figures(authority)
    yield from verifying_figures(authority)


def signing_figures(authority: Any) -> Iterator[dict[str, Any]]:
    from dinh.pki.api import Box, load_pkcs12, sign
    from dinh.pki.tests.letters import CLAIMS, plain_pdf

    pdf, file = plain_pdf(padding=100_000), authority.leader.pkcs12("demo")
    box = Box(1, 300, 200, 416, 265)

    def ours() -> bytes:
        signer = load_pkcs12(data=file, password="demo")
        return sign(pdf=pdf, field="Signature1", signer=signer, claims=CLAIMS, box=box).pdf

    bare = rate(lambda: authority.leader.signer.sign(b"x" * 200))
    own, stock = rate(ours), rate(stock_signing(pdf, file))
    yield figure("signing.sign", own, limit=stock, goal=">= 10 x stock pyHanko", met=own >= 10 * stock)
    yield figure("signing.sign_to_rsa", own, limit=bare, goal="told, no goal", met=True)


def stock_signing(pdf: bytes, pkcs12: bytes) -> Callable[[], bytes]:
    """Stock pyHanko as its documentation shows it: the PKCS#12 file read, then `sign_pdf`."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter

    signer = signers.SimpleSigner.load_pkcs12_data(pkcs12, other_certs=[], passphrase=b"demo")
    meta = signers.PdfSignatureMetadata(
        field_name="Signature1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    spec = SigFieldSpec("Signature1", box=(300, 200, 416, 265))

    def act() -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        out: bytes = signers.sign_pdf(writer, meta, signer=signer, new_field_spec=spec).getvalue()
        return out

    return act


def token_figures(authority: Any) -> Iterator[dict[str, Any]]:
    from dinh.pki.api import Box, Pkcs11Signer, sign
    from dinh.pki.tests.letters import CLAIMS, plain_pdf

    goal = ">= 120 a second with SoftHSM2"
    if not Path(SOFTHSM).exists():
        yield skipped("signing.pkcs11", goal, "SoftHSM2 is not installed")
        return
    pdf, box = plain_pdf(padding=100_000), Box(1, 300, 200, 416, 265)
    with tempfile.TemporaryDirectory() as folder:
        make_token(authority, Path(folder))
        signer = Pkcs11Signer(
            module=SOFTHSM, token_label="bench", pin="1234", key_label="leader", issuers=(authority.ca.der,)
        )
        bare = rate(lambda: signer.sign(b"x" * 200))
        own = rate(lambda: sign(pdf=pdf, field="Signature1", signer=signer, claims=CLAIMS, box=box))
        signer.close()
    yield figure("signing.pkcs11", own, limit=bare, goal=goal, met=own >= 120)


def make_token(authority: Any, folder: Path) -> None:
    """A SoftHSM token "bench" with the leader's key and certificate."""
    import pkcs11
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    args = [
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        "bench",
        "--pin",
        "1234",
        "--so-pin",
        "5678",
    ]
    subprocess.run(args, check=True, capture_output=True)
    key = authority.leader.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    flags = {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: "leader"}
    library = pkcs11.lib(SOFTHSM)
    library.reinitialize()
    with library.get_token(token_label="bench").open(user_pin="1234", rw=True) as session:
        session.create_object({**decode_rsa_private_key(key), **flags, pkcs11.Attribute.SIGN: True})
        session.create_object({**decode_x509_certificate(authority.leader.der), **flags})


def verifying_figures(authority: Any) -> Iterator[dict[str, Any]]:
    from dinh.pki.api import Box, sign
    from dinh.pki.tests.letters import CLAIMS, NOON, plain_pdf
    from dinh.pki.tests.second_writer import six_signatures

    stamper, pdf = authority.stamper(NOON), plain_pdf(padding=100_000)
    one = sign(
        pdf=pdf,
        field="S1",
        signer=authority.leader.signer,
        claims=CLAIMS,
        box=Box(1, 9, 9, 99, 99),
        timestamp=stamper,
    ).pdf
    holders = [authority.head, authority.leader, *[authority.agency] * 4]
    six = six_signatures(pdf, holders, stampers=[stamper] * 6).data
    own, peer = verify_rates(authority, one)
    met = own >= 100 and own >= 2 * peer
    yield figure("signing.verify", own, limit=peer, goal=">= 100 files/s and 2 x stock pyHanko", met=met)
    own, peer = (6 * value for value in verify_rates(authority, six))
    met = own >= 60 and own >= 2 * peer
    goal = ">= 60 signatures/s and 2 x stock pyHanko"
    yield figure("signing.verify_six", own, limit=peer, goal=goal, met=met, unit="signatures/s")
    bare = rate(bare_verification(authority))
    yield figure("signing.verify_six_to_rsa", own, limit=bare, goal="told, no goal", met=True)


def bare_verification(authority: Any) -> Callable[[], None]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    signature, key = authority.leader.signer.sign(b"x" * 200), authority.leader.key.public_key()
    return lambda: key.verify(signature, b"x" * 200, padding.PKCS1v15(), hashes.SHA256())


def verify_rates(authority: Any, pdf: bytes) -> tuple[float, float]:
    """Files a second: ours and stock pyHanko, difference analysis included, revocation from a list at hand."""
    from dinh.pki.api import MemoryRevocationCache, TrustStore, Verdict, verify_pdf
    from dinh.pki.tests.authority import CRL_URL
    from dinh.pki.tests.letters import NOON

    trust, crl = TrustStore.of(anchors=[authority.root.pem]), authority.crl(at=NOON)
    cache = MemoryRevocationCache({f"crl:{CRL_URL}": crl})

    def ours() -> None:
        verdict = verify_pdf(source=pdf, trust=trust, at=NOON, cache=cache).verdict
        if verdict is not Verdict.VALID:
            raise AssertionError(f"the letter to measure with is {verdict}")

    return rate(ours), rate(stock_verifying(authority, pdf, crl))


def stock_verifying(authority: Any, pdf: bytes, crl: bytes) -> Callable[[], None]:
    from asn1crypto import crl as asn1_crl
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    from dinh.pki.tests.letters import NOON

    root, lists = x509.Certificate.load(authority.root.der), [asn1_crl.CertificateList.load(crl)]

    async def judge() -> None:
        reader = PdfFileReader(io.BytesIO(pdf))
        context = ValidationContext(
            trust_roots=[root], allow_fetching=False, crls=lists, revocation_mode="soft-fail", moment=NOON
        )
        for signature in reader.embedded_regular_signatures:
            await async_validate_pdf_signature(signature, context, context)

    return lambda: asyncio.run(judge())


if __name__ == "__main__":
    for item in run():
        print(json.dumps(item))
