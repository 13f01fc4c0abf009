from django.db import models
from django.db.models import Q


class Configuration(models.Model):
    """One row: the number that grows with each change of the registry, so that gateways know that they are behind."""

    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="configuration_is_one_row")]

    def __str__(self) -> str:
        return str(self.version)


class TokenKey(models.Model):
    """
    A key pair (Ed25519) that tokens are signed with.

    The newest signs once the one before has retired (which may be told beforehand); older ones still verify.
    """

    kid = models.CharField(max_length=32, unique=True)
    public_key = models.BinaryField(max_length=32)
    sealed_private_key = models.BinaryField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.kid
