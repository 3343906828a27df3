"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with 46 MiB, one pass and one lane: the least that the OWASP password cheat sheet asks for.

    Django's own setting takes 100 MiB in eight lanes for each try, so that a shift change, or a flood of
    wrong passwords, would take the memory and every core of a small machine.
    """

    time_cost = 1
    memory_cost = 46 * 1024  # KiB
    parallelism = 1
