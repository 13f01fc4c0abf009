"""
What makes signatures outlive their certificates: validation data and later timestamps (EN 319 142-1, B-LT and B-LTA).

Both are incremental updates: bytes that later signatures cover are never touched. So a timestamp that could not be
had when signing comes later as a document timestamp, not as an attribute of the old signature.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.utils.translation import gettext as _

from .certificates import common_name, der_of
from .errors import WrongSignature
from .fields import Box, FieldSpec, add_field, form_of, open_pdf
from .pades import embed_contents, reserve_contents
from .pdf.document import PdfFile
from .pdf.objects import Dict, Name, Obj, PdfDamaged, Ref, Stream
from .pdf.update import Update
from .revocation import RevocationSources
from .signed_data import BadSignedData, SignedData, read_signed_data, read_timestamp
from .timestamps import TimestampClient
from .trust import TrustStore
from .verify.structure import signature_sites

TIMESTAMP_RESERVE = 16_384


@dataclass(frozen=True, slots=True)
class ExtendedPdf:
    """
    The file with what could be had.

    :param notes: what could not be had, in words
    """

    pdf: bytes = field(repr=False)
    notes: tuple[str, ...] = ()


def extend_to_lt(*, pdf: bytes, trust: TrustStore, sources: RevocationSources, at: datetime) -> ExtendedPdf:
    """
    Put certificates and revocation answers of all signatures and timestamps into the file (DSS).

    Asks the net where `sources` has a fetcher: never call it inside a transaction. What is missing is noted, not
    an error: the file stays at its level and can be extended again.

    :raises UnreadablePdf: if the PDF cannot be read
    """
    source = open_pdf(pdf)
    store = _Store(source)
    notes: list[str] = []
    for signed in _signatures(source):
        chain = trust.chain_of(signed.certificate, signed.certificates)
        store.put("Certs", (der_of(item) for item in chain or signed.certificates))
        for certificate, issuer in pairwise(chain or ()):
            evidence = sources.evidence(certificate, issuer, moment=at, at=at)
            if evidence is None:
                message = _("No revocation answer for %(name)s could be obtained.")
                notes.append(message % {"name": common_name(certificate)})
            else:
                store.put(*evidence)
    return ExtendedPdf(pdf + store.write() if store.added else pdf, tuple(dict.fromkeys(notes)))


def _signatures(source: PdfFile) -> Iterable[SignedData]:
    try:
        sites = signature_sites(source)
    except PdfDamaged:
        return
    for site in sites:
        if site.fault:
            continue
        try:
            signed = read_signed_data(site.content)
            yield signed
            if signed.timestamp:
                yield read_timestamp(signed.timestamp, stamped=signed.signature).signed
        except BadSignedData:
            continue


class _Store:
    """The document's security store (DSS), each value once."""

    def __init__(self, source: PdfFile) -> None:
        self.source, self.update = source, Update(source)
        current = source.resolve(source.catalog.get("DSS"))
        self.dict: Dict = dict(current) if isinstance(current, dict) else {}
        self.added = False
        self._known: dict[str, set[bytes]] = {}

    def put(self, key: str, values: Iterable[bytes]) -> None:
        known = self._known.setdefault(key, self._present(key))
        for value in values:
            digest = hashlib.sha256(value).digest()
            if digest in known:
                continue
            known.add(digest)
            entries = self.source.list_of(self.dict.get(key))
            self.dict[key] = [*entries, self.update.add(Stream({}, value))]
            self.added = True

    def _present(self, key: str) -> set[bytes]:
        streams: list[Obj] = [self.source.resolve(i) for i in self.source.list_of(self.dict.get(key))]
        return {
            hashlib.sha256(self.source.decode(item)).digest() for item in streams if isinstance(item, Stream)
        }

    def write(self) -> bytes:
        ref = self.source.catalog.get("DSS")
        if isinstance(ref, Ref):
            self.update.objects[ref.num] = self.dict
        else:
            self.update.edit(self.source.root)["DSS"] = self.update.add({"Type": Name("DSS"), **self.dict})
        return self.update.write()


def add_document_timestamp(*, pdf: bytes, timestamp: TimestampClient) -> bytes:
    """
    The PDF with a document timestamp over all of it, in an invisible field.

    It proves that every signature in the file existed then: the way to stamp a signature that was made while
    the timestamp server was silent, and to renew old stamps.

    :raises TimestampUnavailable: if the server gives none
    :raises UnreadablePdf: if the PDF cannot be read
    """
    source = open_pdf(pdf)
    update = Update(source)
    form = form_of(update)
    taken = {item.name for item in source.fields()}
    name = next(n for n in (f"Timestamp{i}" for i in range(1, len(taken) + 2)) if n not in taken)
    widget = add_field(update, FieldSpec(name, Box(1, 0, 0, 0, 0)), form=form)
    head: Dict = {
        "Type": Name("DocTimeStamp"),
        "Filter": Name("Adobe.PPKLite"),
        "SubFilter": Name("ETSI.RFC3161"),
    }
    signature = update.add(head | reserve_contents(TIMESTAMP_RESERVE))
    update.edit(widget)["V"] = signature
    document, byte_range, digest = embed_contents(pdf, update, signature, TIMESTAMP_RESERVE)
    token = timestamp.stamp(digest).hex().encode()
    start, end = byte_range[1] + 1, byte_range[2] - 1
    if len(token) > end - start:
        raise WrongSignature(_("The timestamp is larger than the space kept free."))
    return b"".join((document[:start], token, document[start + len(token) :]))
