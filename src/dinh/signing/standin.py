"""
A stand-in for the signing programs on people's computers: demo and tests only.

Two dialects over one WebSocket port, one JSON message in, one out. At `/` our own: signed attributes in, a raw
signature out. At the six addresses of VGCA Sign Service the parameters of a letter: it is fetched, signed here as
offices' tools sign (a visible field of the tool's own, adbe.pkcs7.detached) and posted back.
"""

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from PIL import Image
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Origin

from dinh.kernel.errors import DomainError
from dinh.pki.api import Box, read_fields
from dinh.signing.keys import key_path, password, signer_of

Sign = Callable[[str, bytes], bytes]
SignFile = Callable[[bytes, Mapping[str, Any]], bytes]
VGCA_PATHS: Final = ("/SignApproved", "/SignIssued", "/SignIncome", "/SignCopy", "/SignAppendix", "/Comment")
_SECONDS: Final = 30.0


def plugin_server(
    *, port: int, origins: Sequence[str], sign: Sign | None = None, sign_file: SignFile | None = None
) -> Server:
    """
    A plugin on 127.0.0.1 that signs with the software keys of the demo; `serve_forever` runs it.

    :param port: 0 takes any that is free
    :param origins: pages that may ask it; others are refused at once, and letters are fetched from nowhere else
    :param sign: fingerprint of the certificate and signed attributes to raw signature
    :param sign_file: letter and VGCA parameters to the signed letter
    """
    sign, sign_file = sign or _demo_key, sign_file or sign_as_offices_do

    def talk(socket: ServerConnection) -> None:
        path = socket.request.path if socket.request else "/"
        for message in socket:
            answer = _carried(message, origins, sign_file) if path in VGCA_PATHS else _answer(message, sign)
            socket.send(json.dumps(answer, ensure_ascii=False))

    return serve(
        talk, "127.0.0.1", port, origins=[Origin(origin) for origin in origins], max_size=1024 * 1024
    )


# Our own dialect


def _answer(message: str | bytes, sign: Sign) -> dict[str, Any]:
    try:
        asked = json.loads(message)
        if asked["function"] != "sign":
            return {"status": "refused", "message": "unknown function"}
        signature = sign(asked["certificate"], base64.b64decode(asked["attributes"], validate=True))
    except DomainError as refusal:
        return {"status": "refused", "message": str(refusal)}
    except (ValueError, KeyError, TypeError):
        return {"status": "refused", "message": "unreadable request"}
    return {"status": "signed", "signature": base64.b64encode(signature).decode()}


def _demo_key(fingerprint: str, attributes: bytes) -> bytes:
    return signer_of(_checked(fingerprint)).sign(attributes)


def _checked(fingerprint: str) -> str:
    if not (fingerprint.isalnum() and len(fingerprint) == 64):
        raise ValueError(fingerprint)
    return fingerprint


# VGCA Sign Service


def _carried(message: str | bytes, origins: Sequence[str], sign_file: SignFile) -> dict[str, Any]:
    try:
        asked = json.loads(message)
        places = [asked["FileName"], asked["FileUploadHandler"]]
        if any(_origin(place) not in origins for place in places):
            return _told(1, "the address is not the page's")
        signed = sign_file(_fetched(asked["FileName"]), asked)
        return _posted(asked, signed)
    except DomainError as refusal:
        return _told(1, str(refusal))
    except httpx.HTTPError as error:
        return _told(1, f"the server does not answer: {error}")
    except (ValueError, KeyError, TypeError):
        return _told(1, "unreadable request")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _fetched(address: str) -> bytes:
    with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
        return client.get(address).raise_for_status().content


def _posted(asked: Mapping[str, Any], signed: bytes) -> dict[str, Any]:
    """Post the signed file and hand on what the upload handler answered; Status 0 says that all went well."""
    head = {"Authorization": f"Bearer {asked['JWTToken']}"} if asked.get("JWTToken") else {}
    with httpx.Client(timeout=_SECONDS, trust_env=False, headers=head) as client:
        files = {"uploadfile": ("van-ban.pdf", signed, "application/pdf")}
        answer = client.post(asked["FileUploadHandler"], files=files).json()
    told = _told(0 if answer["Status"] is True else 1, answer.get("Message", ""))
    return told | {"FileName": answer.get("FileName", ""), "FileServer": answer.get("FileServer", "")}


def _told(status: int, message: str) -> dict[str, Any]:
    return {"Status": status, "Message": message, "FileName": "", "FileServer": ""}


def sign_as_offices_do(pdf: bytes, asked: Mapping[str, Any]) -> bytes:
    """The letter with one more signature, by another library than the house's, over the place that waits for it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko.stamp import StaticStampStyle

    meta = {item["Key"]: item["Value"] for item in asked["MetaData"]}
    states = read_fields(pdf=pdf)
    box = next((state.box for state in states if state.name == meta["field"]), None) or Box(1, 0, 0, 0, 0)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    is_first = not any(state.filled for state in states if state.name.startswith("Signature"))
    name = next(n for n in map("Signature{}".format, range(1, 99)) if n not in {s.name for s in states})
    rect = (round(box.left), round(box.bottom), round(box.right), round(box.top))
    signer = signers.PdfSigner(
        signers.PdfSignatureMetadata(
            field_name=name,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
            certify=is_first,
            docmdp_permissions=fields.MDPPerm.FILL_FORMS,
        ),
        signer=_stock_signer(meta["certificate"]),
        stamp_style=StaticStampStyle(
            background=_picture(meta["field"]), background_opacity=1, border_width=0
        ),
        new_field_spec=fields.SigFieldSpec(name, box=rect, on_page=box.page - 1),
    )
    return bytes(signer.sign_pdf(writer).getvalue())


def _stock_signer(fingerprint: str) -> Any:
    from pyhanko.sign import signers

    data, secret = key_path(_checked(fingerprint)).read_bytes(), password().encode()
    return signers.SimpleSigner.load_pkcs12_data(data, other_certs=[], passphrase=secret)


def _picture(field: str) -> Any:
    from pyhanko.pdf_utils.images import PdfImage

    from dinh.signing.operations.demo import seal_image, signature_image

    png = seal_image("VGCA") if field == "Signature.seal" else signature_image("VGCA")
    return PdfImage(Image.open(io.BytesIO(png)))
