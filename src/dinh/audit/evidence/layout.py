"""What stands where in an evidence bundle (gói bằng chứng)."""

TRACE = "trace.json"
SEALS = "seals.json"
README = "README.txt"
CERTIFICATE = "seal-certificate.pem"
DOCUMENTS = "documents/"
RECORD = "record.txt"
"""One record, as the bytes that a leaf is hashed from; beside it the same by names, and what proves it."""
FIELDS = "record.json"
PROOF = "proof.json"
BATCH = "batch.json"
BATCH_SIGNATURE = "batch.p7s"
BATCH_CERTIFICATE = "batch-certificate.pem"
PEER_CERTIFICATE = "peer-certificate.pem"
"""Of the other end of a recorded message, whose signature the record holds."""
STAMP = "stamp.json"
STAMP_TOKEN = "stamp.tst"  # noqa: S105 a token of RFC 3161 is no secret
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
trace.json             nhật ký các thao tác với hồ sơ; mỗi dòng có đường dẫn chứng minh (Merkle) tới niêm phong
seals.json             các niêm phong nối nhau thành chuỗi
seals/N.p7s            chữ ký số (CMS) trên niêm phong N, có dấu thời gian RFC 3161 nếu có
seal-certificate.pem   chứng thư số của khóa niêm phong, mã SHA-256:
                       {fingerprint}

Kiểm tra (không cần mạng, không cần cơ sở dữ liệu):
    dinh evidence verify GÓI.asice --trust CHỨNG-THƯ.pem
CHỨNG-THƯ.pem là chứng thư số của tổ chức cấp, hoặc chính chứng thư số niêm phong do cơ quan công bố. Không lấy chứng
thư số từ trong gói: hãy lấy từ nơi công bố và so mã SHA-256.

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

RECORD_README_TEXT = """\
BẰNG CHỨNG CỦA MỘT LƯỢT TRAO ĐỔI / EVIDENCE OF ONE RECORD (ASiC-E, ETSI EN 319 162-1)

Bản ghi / Record: {target}
Lập lúc / Made at: {made_at}

TIẾNG VIỆT
record.txt             bản ghi, đúng từng byte như khi được ký
record.json            bản ghi đó theo tên trường; mã SHA-256 của nội dung yêu cầu và trả lời nằm trong đó
proof.json             đường dẫn chứng minh (Merkle) từ bản ghi tới gốc của lô, và từ chữ ký tới dấu thời gian
batch.json             lô: gốc Merkle của các bản ghi được ghi cùng lúc
batch.p7s              chữ ký số (CMS) của cổng trên batch.json
batch-certificate.pem  chứng thư số của cổng, mã SHA-256:
                       {fingerprint}
peer-certificate.pem   chứng thư số của cổng bên kia, nếu bản ghi giữ chữ ký của cổng đó (peer_proof)
stamp.json, stamp.tst  gốc Merkle của các chữ ký và dấu thời gian RFC 3161 trên đó, nếu có

Kiểm tra (không cần mạng, không cần cơ sở dữ liệu):
    dinh evidence verify GÓI.asice --trust CHỨNG-THƯ.pem
CHỨNG-THƯ.pem là chứng thư số của tổ chức cấp, hoặc chính chứng thư số của cổng do cơ quan công bố (nêu thêm chứng thư
số của máy chủ dấu thời gian và của khóa niêm phong bằng các --trust khác). Không lấy chứng thư số từ trong gói.

ENGLISH, to check by hand:
1. leaf: SHA-256(0x00 | record.txt); node: SHA-256(0x01 | left | right) (RFC 6962, 2.1); "position" in proof.json and
   "count" in batch.json tell on which side each sibling of "path" stands; the root must be batch.json's "root"
2. openssl cms -verify -binary -inform DER -in batch.p7s -content batch.json -CAfile CERTIFICATE.pem -purpose any
   (CERTIFICATE.pem: the issuing authority's, or the gateway's own as it is published; then add -partial_chain)
3. the same from SHA-256(0x00 | signature), the bare signature in batch.p7s, by "stamp" in proof.json to the "root" of
   stamp.json
4. openssl ts -verify -token_in -in stamp.tst -data stamp.json -CAfile AUTHORITY.pem
5. record.json holds the fields of record.txt, which are separated by tabs
6. peer_proof: base64 of the signature base (RFC 9421, 2.5), a dot, base64 of the signature, by peer-certificate.pem
"""
