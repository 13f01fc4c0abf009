from dinh.signing.models.credential import Credential, CredentialState

__all__ = ["Credential", "CredentialState"]
