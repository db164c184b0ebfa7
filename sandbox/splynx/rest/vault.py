"""Secrets at rest: reversible, as in Splynx. The form is ours; Splynx's own is not published."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

_MARK = "sandbox:"
_SALT_BYTES = 12


class Vault:
    """Seals and opens with a key made from the database's own secret, so it needs no file."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), b"splynx secrets", hashlib.sha256).digest()

    def seal(self, text: str) -> str:
        """Return the stored form."""
        salt = secrets.token_bytes(_SALT_BYTES)
        mixed = self._mix(text.encode(), salt)
        return _MARK + base64.b64encode(salt + mixed).decode()

    def open(self, stored: str) -> str:
        """Return the text; what was written by other means comes back as it is."""
        if not stored.startswith(_MARK):
            return stored
        sealed = base64.b64decode(stored.removeprefix(_MARK))
        return self._mix(sealed[_SALT_BYTES:], sealed[:_SALT_BYTES]).decode()

    def _mix(self, data: bytes, salt: bytes) -> bytes:
        stream = hashlib.shake_256(self._key + salt).digest(len(data))
        return bytes(a ^ b for a, b in zip(data, stream, strict=True))
