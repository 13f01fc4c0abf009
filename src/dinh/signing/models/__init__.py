from dinh.signing.models.credential import Credential, CredentialState
from dinh.signing.models.verdict import StoredVerdict

__all__ = ["Credential", "CredentialState", "StoredVerdict"]
