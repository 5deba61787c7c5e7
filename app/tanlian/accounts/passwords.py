"""Passwords: Argon2id with the library's current parameters, rehashed when those grow."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tanlian.accounts.errors import WeakPassword

SHORTEST = 12
LONGEST = 256  # hashing a book is a way to keep the server busy
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("the password of nobody")  # so that an unknown login costs the same time


def refuse_weak(password: str, login: str) -> None:
    """Refuse what is easily guessed.

    Raises:
        WeakPassword: shorter than 12 characters, longer than 256, one character repeated, or
            containing the login.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(f"A password needs at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise WeakPassword(f"A password has at most {LONGEST} characters.")
    if len(set(password)) < SHORTEST // 3:
        raise WeakPassword("This password repeats too few characters; mix more of them.")
    if login.casefold() in password.casefold():
        raise WeakPassword("The password must not contain the login.")


def hashed(password: str, login: str) -> str:
    """Return the hash to store.

    Raises:
        WeakPassword: see `refuse_weak`.
    """
    refuse_weak(password, login)
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is right; takes as long for a login that does not exist (None)."""
    try:
        right = _hasher.verify(stored or _NOBODY, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def rehashed(password: str) -> str:
    """Return a hash with today's parameters, of a password that was accepted before."""
    return _hasher.hash(password)
