"""What to do about each way in which Splynx refuses credentials.

The codes are published, the status that goes with each is not; so a code decides alone.
"""

from __future__ import annotations

from collections.abc import Mapping

_KEY = "check SPLYNX_API_KEY and SPLYNX_API_SECRET"
_OWN_KEY = "use an API key instead (SPLYNX_API_KEY, SPLYNX_API_SECRET)"
_UNBOUND = "set SPLYNX_AUTH=signature, which is bound to neither address nor program"

_REMEDIES: Mapping[str, str] = {
    "UNAUTHORIZED": f"{_KEY} (or SPLYNX_LOGIN and SPLYNX_PASSWORD), and that the key still exists; "
    "SPLYNX_AUTH=basic also needs the key's option Unsecure access",
    "MISSED_AUTHORIZATION_HEADER": "something in front of Splynx drops the header Authorization: "
    "have its web server or proxy pass it on",
    "INVALID_SASH": "SPLYNX_API_SECRET is not the secret of SPLYNX_API_KEY, or another program "
    "signs with the same key and larger numbers: give the migration a key of its own",
    "INVALID_AUTH_TYPE": "this Splynx gives no access tokens so: set SPLYNX_AUTH=signature",
    "INVALID_USER": "check SPLYNX_LOGIN and SPLYNX_PASSWORD",
    "MISSED_TWO_FACTOR_CODE": f"the user of SPLYNX_LOGIN has two factors: {_OWN_KEY}",
    "INVALID_TWO_FACTOR_CODE": f"the user of SPLYNX_LOGIN has two factors: {_OWN_KEY}",
    "EXCEEDED_MAX_ATTEMPTS": "too many log-ins have failed: wait until Splynx takes them again, "
    "and mend the credentials before",
    "EMPTY_ACCESS_TOKEN": "the access token got lost on the way, again and again: have what stands "
    "in front of Splynx pass the header Authorization on unchanged",
    "EXPIRED_ACCESS_TOKEN": "each new access token has expired at once: check the clocks of Splynx "
    "and of this machine",
    "EXPIRED_REFRESH_TOKEN": "the log-in has expired: run again",
    "TOKEN_BANNED": "the access token was withdrawn, and so was a new one: see who ends the "
    "sessions of this key or user in Splynx",
    "IP_CHANGED": "access tokens are bound to an address, and this machine reaches Splynx from "
    f"several: {_UNBOUND}",
    "USER_AGENT_CHANGED": "access tokens are bound to a program, and something on the way changes "
    f"the header User-Agent: {_UNBOUND}",
}


def remedy(code: str | None) -> str | None:
    """Return what to do about a code that speaks of credentials, None for any other."""
    return _REMEDIES.get(code or "")
