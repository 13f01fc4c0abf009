"""What stands where in an evidence bundle (gói bằng chứng)."""

TRACE = "trace.json"
SEALS = "seals.json"
README = "README.txt"
CERTIFICATE = "seal-certificate.pem"
DOCUMENTS = "documents/"
VERSION = 2
KNOWN_VERSIONS = frozenset({1, 2})
"""In version 1 digests covered neither transactions nor horizons; a seal tells by its members."""


def signature_name(number: int) -> str:
    """The member that holds the signature of a seal: detached CMS over its 32-byte digest."""
    return f"seals/{number}.p7s"


README_TEXT = """\
GÓI BẰNG CHỨNG ĐIỆN TỬ / EVIDENCE BUNDLE (ASiC-E, ETSI EN 319 162-1)

Hồ sơ / Record: {target}
Lập lúc / Made at: {made_at}

TIẾNG VIỆT
documents/             văn bản, nguyên vẹn từng byte
trace.json             nhật ký các việc đã làm với hồ sơ; mỗi dòng có đường dẫn chứng minh (Merkle) tới niêm phong
seals.json             các niêm phong nối nhau thành chuỗi
seals/N.p7s            chữ ký số (CMS) trên niêm phong N, có dấu thời gian RFC 3161 nếu có
seal-certificate.pem   chứng thư số của khóa niêm phong, mã SHA-256:
                       {fingerprint}

Kiểm tra (không cần mạng, không cần cơ sở dữ liệu):
    dinh evidence verify GÓI.asice --trust CHỨNG-THƯ.pem
CHỨNG-THƯ.pem là chứng thư của cơ quan cấp, hoặc chính chứng thư niêm phong do cơ quan công bố. Đừng lấy chứng thư
từ trong gói: hãy lấy từ nơi công bố và so mã SHA-256.

ENGLISH
documents/             the documents, byte for byte
trace.json             the acts on the record, each with its path (Merkle proof) to a seal
seals.json             the seals, chained
seals/N.p7s            signature (CMS) over seal N, with an RFC 3161 timestamp where there was one
seal-certificate.pem   certificate of the sealing key, SHA-256 as above

To check (no network, no database):
    dinh evidence verify BUNDLE.asice --trust CERTIFICATE.pem
CERTIFICATE.pem is the issuing authority's certificate, or the sealing certificate as the agency publishes it. Do not
take it from the bundle: take it from where it is published and compare the SHA-256.

To check by hand:
1. an entry's bytes: the JSON of "entry" with sorted keys, no white space, UTF-8
2. its leaf: SHA-256(0x00 | bytes); a node: SHA-256(0x01 | left | right) (RFC 6962, 2.1);
   "position" and the seal's "entry_count" tell on which side each sibling of "path" stands
3. the root must be the seal's "root"; a seal's digest: SHA-256 of its JSON in seals.json, written as in 1;
   "previous" is the digest of the seal before
4. openssl cms -verify -binary -inform DER -in seals/N.p7s -content DIGEST -CAfile CERTIFICATE.pem
   where the file DIGEST holds the 32 bytes of the digest
"""
