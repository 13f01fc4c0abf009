"""How tests keep passwords: as the house does, in the time that a test has."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 with the least work it allows; what production uses takes 0.2 s for each password."""

    time_cost, memory_cost, parallelism = 1, 8, 1
