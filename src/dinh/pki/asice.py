"""
ASiC-E containers with CAdES (ETSI EN 319 162-1, 4.4.4): files, a manifest of their digests, a signature over it.

CAdES and not XAdES: the manifest is signed as bytes, so nothing depends on the canonical form of XML, and the
signature is the same CMS that letters and seals use.
"""

import base64
import hashlib
import io
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.utils.translation import gettext as _
from lxml import etree

from .detached import CheckedSignature, sign_detached, verify_detached
from .errors import UnreadableContainer, WrongSignature
from .signers import DigestSigner
from .timestamps import TimestampClient

MIME_TYPE = b"application/vnd.etsi.asic-e+zip"
MAX_MEMBERS = 10_000
MAX_UNPACKED = 2 * 1024 * 1024 * 1024
MAX_META = 16 * 1024 * 1024
MAX_DIRECTORY = 8 * 1024 * 1024
"""Of the names and places of all members: far above what 10,000 of them need."""
MAX_MANIFESTS = 16
_ASIC = "http://uri.etsi.org/02918/v1.2.1#"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ContainerSignature:
    """One signature of a container: the members its manifest lists, and what is known of its signer."""

    manifest: str
    members: tuple[str, ...]
    checked: CheckedSignature


@dataclass(frozen=True, slots=True)
class CheckedContainer:
    """A container whose members are all signed and unaltered; whether to trust the signers is another question."""

    members: tuple[str, ...]
    signatures: tuple[ContainerSignature, ...]


@dataclass(frozen=True, slots=True)
class KeptMember:
    """A member that need not be in memory: its SHA-256 as it is known, and how to read it."""

    digest: bytes
    open: Callable[[], BinaryIO]


Member = bytes | KeptMember


def write_asice(
    *, members: Mapping[str, Member], signer: DigestSigner, timestamp: TimestampClient | None = None
) -> bytes:
    """
    A container of these files, signed at CAdES-B, or B-T if the timestamp server answers.

    :param members: path in the container to content; paths with forward slashes, none under META-INF
    :raises UnreadableContainer: if a path cannot stand in a container
    """
    out = io.BytesIO()
    write_asice_to(target=out, members=members, signer=signer, timestamp=timestamp)
    return out.getvalue()


def write_asice_to(
    *,
    target: BinaryIO,
    members: Mapping[str, Member],
    signer: DigestSigner,
    timestamp: TimestampClient | None = None,
) -> None:
    """As `write_asice`, into a seekable stream; of `KeptMember`s never more than a piece is in memory."""
    for name in members:
        _check_name(name)
    manifest = _manifest(members)
    signature = sign_detached(data=manifest, signer=signer, timestamp=timestamp)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry("mimetype"), MIME_TYPE, zipfile.ZIP_STORED)
        for name, content in members.items():
            _write_member(archive, name, content)
        archive.writestr(_entry("META-INF/ASiCManifest001.xml"), manifest, zipfile.ZIP_DEFLATED)
        archive.writestr(_entry("META-INF/signature001.p7s"), signature, zipfile.ZIP_DEFLATED)


def _write_member(archive: zipfile.ZipFile, name: str, content: Member) -> None:
    if isinstance(content, bytes):
        archive.writestr(_entry(name), content, zipfile.ZIP_DEFLATED)
        return
    # Stored: letters and their files are compressed already.
    with content.open() as source, archive.open(_entry(name), "w", force_zip64=True) as kept:
        shutil.copyfileobj(source, kept, _CHUNK)


def _entry(name: str) -> zipfile.ZipInfo:
    # A fixed day, so that the same evidence gives the same bytes around its signature.
    return zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))


def _check_name(name: str) -> None:
    parts = name.split("/")
    if name == "mimetype" or parts[0].upper() == "META-INF" or "\\" in name:
        raise UnreadableContainer(_("A container cannot hold a file named %(name)s.") % {"name": name})
    if not all(part and part not in (".", "..") for part in parts):
        raise UnreadableContainer(_("A container cannot hold a file named %(name)s.") % {"name": name})


def _manifest(members: Mapping[str, Member]) -> bytes:
    root = etree.Element(f"{{{_ASIC}}}ASiCManifest", nsmap={"asic": _ASIC, "ds": _DS})
    reference = etree.SubElement(root, f"{{{_ASIC}}}SigReference", URI="META-INF/signature001.p7s")
    reference.set("MimeType", "application/x-pkcs7-signature")
    for name, content in members.items():
        item = etree.SubElement(root, f"{{{_ASIC}}}DataObjectReference", URI=name)
        etree.SubElement(item, f"{{{_DS}}}DigestMethod", Algorithm=_SHA256)
        digest = etree.SubElement(item, f"{{{_DS}}}DigestValue")
        sha256 = hashlib.sha256(content).digest() if isinstance(content, bytes) else content.digest
        digest.text = base64.b64encode(sha256).decode()
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


@contextmanager
def open_container(data: bytes | BinaryIO) -> Iterator[zipfile.ZipFile]:
    """
    The members of a container, whose directory may not be larger than `MAX_DIRECTORY`: Python reads it at once.

    :param data: the bytes, or a seekable stream that stays open
    :raises zipfile.BadZipFile, OSError, ValueError, NotImplementedError: if it is none
    """
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    bounded = _Bounded(source)
    with zipfile.ZipFile(cast("BinaryIO", bounded)) as archive:
        bounded.most = MAX_UNPACKED
        yield archive


class _Bounded:
    """A stream of which no more than so much is read at once."""

    def __init__(self, source: BinaryIO) -> None:
        self.source, self.most = source, MAX_DIRECTORY
        self.seek, self.tell, self.seekable = source.seek, source.tell, source.seekable

    def read(self, size: int = -1) -> bytes:
        if size > self.most:
            raise zipfile.BadZipFile("too large")
        found = self.source.read(self.most + 1 if size < 0 else size)
        if len(found) > self.most:
            raise zipfile.BadZipFile("too large")
        return found


def verify_asice(*, data: bytes | BinaryIO) -> CheckedContainer:
    """
    Check a container: every member is listed by a signed manifest and has the digest it says. Of a stream never more
    than a piece is in memory.

    :param data: the bytes, or a seekable stream that stays open
    :raises UnreadableContainer: if it is no container, or one beyond the limits
    :raises WrongSignature: if a member was altered, added or removed, or a signature does not hold
    """
    message = _("The file is no evidence container (ASiC-E) that can be read.")
    try:
        with open_container(data) as archive:
            return _check(archive)
    except (zipfile.BadZipFile, etree.XMLSyntaxError, KeyError, ValueError, OSError) as error:
        raise UnreadableContainer(message) from error
    except (EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableContainer(message) from error


def _check(archive: zipfile.ZipFile) -> CheckedContainer:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    total = sum(entry.file_size for entry in entries)
    if len(names) > MAX_MEMBERS or total > MAX_UNPACKED or len(set(names)) != len(names):
        raise UnreadableContainer(_("The container is too large, or holds a file twice."))
    if names[:1] != ["mimetype"] or _read(archive, "mimetype") != MIME_TYPE:
        raise UnreadableContainer(_("The file is no evidence container (ASiC-E) that can be read."))
    manifests = [n for n in names if n.startswith("META-INF/ASiCManifest") and n.endswith(".xml")]
    if len(manifests) > MAX_MANIFESTS:
        raise UnreadableContainer(_("The container's manifest is broken."))
    members = tuple(n for n in names if n != "mimetype" and not n.startswith("META-INF/"))
    for name in members:
        _check_name(name)
    signatures = tuple(_check_manifest(archive, name) for name in sorted(manifests))
    listed = {name for signature in signatures for name in signature.members}
    if not signatures or listed != set(members):
        raise WrongSignature(_("Not every file of the container is signed."))
    return CheckedContainer(members, signatures)


def _check_manifest(archive: zipfile.ZipFile, name: str) -> ContainerSignature:
    content = _read(archive, name)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(content, parser)
    reference = root.find(f"{{{_ASIC}}}SigReference")
    if root.tag != f"{{{_ASIC}}}ASiCManifest" or reference is None:
        raise UnreadableContainer(_("The container's manifest is broken."))
    checked = verify_detached(data=content, content=_read(archive, reference.get("URI") or ""))
    items = root.findall(f"{{{_ASIC}}}DataObjectReference")
    members = tuple(item.get("URI") or "" for item in items)
    # Each file is read once only, however often a hostile manifest names it.
    if len(set(members)) != len(members):
        raise UnreadableContainer(_("The container's manifest is broken."))
    for item in items:
        _check_digest(archive, item)
    return ContainerSignature(name, members, checked)


def _check_digest(archive: zipfile.ZipFile, item: etree._Element) -> None:
    method, value = item.find(f"{{{_DS}}}DigestMethod"), item.find(f"{{{_DS}}}DigestValue")
    if method is None or value is None or method.get("Algorithm") != _SHA256:
        raise UnreadableContainer(_("The container's manifest is broken."))
    name = item.get("URI") or ""
    if name not in archive.NameToInfo or _digest(archive, name) != base64.b64decode(value.text or ""):
        raise WrongSignature(_("The file %(name)s of the container has been altered.") % {"name": name})


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_META:
        raise UnreadableContainer(_("The container's manifest is broken."))
    return archive.read(name)


def _digest(archive: zipfile.ZipFile, name: str) -> bytes:
    hasher = hashlib.sha256()
    with archive.open(name) as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.digest()


def members_of(*, data: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """Contents of members by name; check the container first."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in names}
