"""What may go wrong when signing, reading or proving, and is expected to."""

from dinh.kernel.errors import DomainError, InvalidInput, Unavailable


class PkiError(DomainError):
    """Root of this module's refusals that are not about the form of an input."""


class UnreadablePdf(InvalidInput):
    """The file is not a PDF that can be read safely: damaged, truncated, encrypted or beyond the limits."""


class UnknownField(InvalidInput):
    """The form has no field of this name and no place was given to make one."""


class FieldAlreadyUsed(PkiError):
    """The field holds a signature or a value already."""


class SignatureNotAllowed(PkiError):
    """An earlier signature forbids what is asked."""


class WrongSignature(PkiError):
    """The signature that came back does not belong to what was prepared."""


class UnusableKey(InvalidInput):
    """The key store cannot be opened, or holds no key that signs."""


class TimestampUnavailable(Unavailable):
    """The timestamp server did not answer, or not correctly."""


class RevocationUnavailable(Unavailable):
    """The revocation source did not answer, or not correctly."""


class UnreadableContainer(InvalidInput):
    """The file is not an ASiC-E container that can be read safely."""
