"""
Private keys at rest: sealed with the house's secret, so that a copy of the database alone signs nothing.

And persons' numbers in the log: hashed with a key that is kept the same way, so that a copy alone names nobody.
"""

import base64
import hashlib
import hmac
import unicodedata

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def seal(private: bytes, *, secret: str) -> bytes:
    return _fernet(secret).encrypt(private)


def unseal(sealed: bytes, *, secret: str) -> bytes:
    """:raises cryptography.fernet.InvalidToken: if it was sealed with another secret"""
    return _fernet(secret).decrypt(sealed)


def _fernet(secret: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"exchange.token-key")
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret.encode())))


def subject_hash(number: str, *, key: bytes) -> str:
    """
    HMAC-SHA-256 of a person's number, hex; spaces, the case of letters and other forms of the same digits do not count.
    """
    plain = unicodedata.normalize("NFKC", "".join(number.split())).upper()
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()
