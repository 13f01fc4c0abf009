import io
import zipfile

import pytest

from dinh.pki.api import UnreadableContainer, WrongSignature, members_of, verify_asice, write_asice

from .letters import NOON

MEMBERS = {"letter.pdf": b"%PDF-1.7", "trace/acts.json": b"[]", "Công văn.txt": "chữ".encode()}


@pytest.fixture
def container(authority):
    return write_asice(members=MEMBERS, signer=authority.agency.signer, timestamp=authority.stamper(NOON))


def rewritten(container, change):
    """The container with members changed by `change(dict)`."""
    with zipfile.ZipFile(io.BytesIO(container)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_container_holds_all_members_and_its_signer(authority, container):
    checked = verify_asice(data=container)

    assert checked.members == tuple(MEMBERS)
    assert checked.signatures[0].checked.certificates[0] == authority.agency.der
    assert checked.signatures[0].checked.stamped_at == NOON
    assert members_of(data=container, names=list(MEMBERS)) == MEMBERS


def test_mime_type_stands_first_and_uncompressed(container):
    assert container[30:38] == b"mimetype"
    assert container[38:69] == b"application/vnd.etsi.asic-e+zip"


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.update({"letter.pdf": b"%PDF-1.8"}),
        lambda members: members.pop("letter.pdf"),
        lambda members: members.update({"extra.txt": b"x"}),
        lambda members: members.update(
            {
                "META-INF/ASiCManifest001.xml": members["META-INF/ASiCManifest001.xml"].replace(
                    b"letter.pdf", b"lettre.pdf"
                )
            }
        ),
        lambda members: members.pop("META-INF/ASiCManifest001.xml"),
    ],
)
def test_altered_container_is_refused(container, change):
    with pytest.raises(WrongSignature):
        verify_asice(data=rewritten(container, change))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"x" * 1000])
def test_what_is_no_container_is_refused(data):
    with pytest.raises(UnreadableContainer):
        verify_asice(data=data)


def test_missing_signature_and_mime_type_are_refused(container):
    for name in ("META-INF/signature001.p7s", "mimetype"):
        with pytest.raises(UnreadableContainer):
            verify_asice(data=rewritten(container, lambda members, name=name: members.pop(name)))


@pytest.mark.parametrize("name", ["../up", "META-INF/x", "mimetype", "a//b", ""])
def test_names_that_cannot_stand_in_a_container_are_refused(authority, name):
    with pytest.raises(UnreadableContainer):
        write_asice(members={name: b""}, signer=authority.agency.signer)
