"""The network of a tenant: sites, addresses, logins, equipment, and who has what of it.

Addresses come from documentation, benchmark and private ranges. Passwords, keys and credentials
carry a marker that tests look for wherever no secret may appear.
"""

from __future__ import annotations

SECRET_MARK = "SANDBOX-SECRET-"  # noqa: S105  a marker, not a secret
