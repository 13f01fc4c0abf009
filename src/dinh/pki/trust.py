"""Trust anchors, and the chains of certificates that lead to them (RFC 5280, 6)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from cryptography import x509
from django.utils.translation import gettext as _

from dinh.kernel.errors import InvalidInput

from .certificates import authority_fault, issued, unknown_critical

MAX_DEPTH = 8
MAX_TRIES = 60


class UnusableAnchor(InvalidInput):
    """What was given as a trust anchor is no certificate."""


@dataclass(frozen=True)
class TrustStore:
    """
    Authorities that are trusted, and others that may stand between them and a signer.

    Compare an anchor's SHA-256 fingerprint with its publisher's before putting it here.
    """

    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()

    @classmethod
    def of(cls, *, anchors: Iterable[bytes], intermediates: Iterable[bytes] = ()) -> "TrustStore":
        """
        From PEM (several in one are well) or DER.

        :raises UnusableAnchor: if one cannot be read
        """
        return cls(
            tuple(c for data in anchors for c in load_certificates(data)),
            tuple(c for data in intermediates for c in load_certificates(data)),
        )

    @cached_property
    def _anchor_names(self) -> dict[bytes, list[x509.Certificate]]:
        return by_subject(self.anchors)

    @cached_property
    def _intermediate_names(self) -> dict[bytes, list[x509.Certificate]]:
        return by_subject(self.intermediates)

    def chain_of(
        self, certificate: x509.Certificate, others: Sequence[x509.Certificate] = ()
    ) -> tuple[x509.Certificate, ...] | None:
        """
        A chain from the certificate to an anchor, both included, by names and signatures; None if there is none.

        :param others: certificates that came with the signature
        """
        pool = by_subject(others)
        tries = [MAX_TRIES]
        return self._extend((certificate,), pool, tries)

    def _extend(
        self, chain: tuple[x509.Certificate, ...], pool: dict[bytes, list[x509.Certificate]], tries: list[int]
    ) -> tuple[x509.Certificate, ...] | None:
        last = chain[-1]
        if last in self.anchors:
            return chain
        if len(chain) >= MAX_DEPTH:
            return None
        for issuer in self._candidates(last, pool):
            tries[0] -= 1
            if tries[0] < 0:
                return None
            if issuer in chain or authority_fault(issuer, len(chain) - 1) or not issued(last, issuer):
                continue
            if found := self._extend((*chain, issuer), pool, tries):
                return found
        return None

    def _candidates(
        self, certificate: x509.Certificate, pool: dict[bytes, list[x509.Certificate]]
    ) -> Iterator[x509.Certificate]:
        name = certificate.issuer.public_bytes()
        yield from self._anchor_names.get(name, ())
        yield from self._intermediate_names.get(name, ())
        yield from pool.get(name, ())


def chain_fault(chain: Sequence[x509.Certificate]) -> str:
    """What a chain's certificates demand that is not understood here; empty if nothing."""
    return next((c.subject.rfc4514_string() for c in chain[:-1] if unknown_critical(c)), "")


def by_subject(certificates: Iterable[x509.Certificate]) -> dict[bytes, list[x509.Certificate]]:
    names: dict[bytes, list[x509.Certificate]] = {}
    for certificate in certificates:
        names.setdefault(certificate.subject.public_bytes(), []).append(certificate)
    return names


def load_certificates(data: bytes) -> list[x509.Certificate]:
    """
    Certificates in PEM or DER.

    :raises UnusableAnchor: if there is none
    """
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError as error:
        raise UnusableAnchor(_("The file holds no certificate (PEM or DER)."), field="trust") from error
