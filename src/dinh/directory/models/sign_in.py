from django.db import models

from dinh.directory.models.account import Account


class SecondFactor(models.Model):
    """An account's code generator (RFC 6238). Counts only once its owner has confirmed it with a code."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="second_factor")
    sealed_secret = models.BinaryField()
    last_step = models.BigIntegerField(default=0, help_text="Last time step used: none is taken twice.")
    confirmed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.account_id}"


class RecoveryCode(models.Model):
    """Opens an account once, where the code generator is lost. Only its digest is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="recovery_code_once_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}"


class AddressFailures(models.Model):
    """Failed tries to sign in from one network address, over all accounts, since the window began."""

    address = models.GenericIPAddressField(unique=True)
    failures = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.address


class SignedInSession(models.Model):
    """One browser in which an account is signed in (phiên đăng nhập), until it is ended."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="signed_in_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=80)
    address = models.GenericIPAddressField(null=True, blank=True)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen_at", "-id"]
        indexes = [models.Index(fields=["account", "ended_at"])]

    def __str__(self) -> str:
        return self.device
