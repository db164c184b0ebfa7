"""Who asks: basic, signature, or access token; one of them for all workers of a conversation.

**Access token** (by key or by log-in) is what the migration uses: one signature, or one password,
buys 30 minutes in which requests need not know of each other. A token is renewed before it expires,
counted from the server's own clock (`Date` of the answer that brought it), and by one worker for
all; a request that was refused with an older token is sent again with the new one. That is safe for
a POST too: 401 comes before anything is carried out.

**Signature** is for instances that give no token, or for machines whose address changes. Where the
key's nonce check is on, the server takes a nonce only if it is larger than the last one it *looked
at*. Requests overtake each other on their way through connections and PHP workers, so neither one
counter nor the order of sending is enough: request n+1 may leave only when the server has looked at
n, which the first byte of its answer proves and nothing earlier does. So signed requests go one
at a time, from nonce to answer, however many workers there are; only the reading of bodies
overlaps. Whether the check is on cannot be read with a key's rights, and trying it out means a
refusal on purpose, so it is taken to be on.

**Basic** needs the key's option "Unsecure access"; no state, nothing to share.
"""

from __future__ import annotations

import base64

from load.rest.budget import Clock
from load.rest.credentials import Authentication, Constant, Signature
from load.rest.tokens import Ask, Tokens
from runtime.log import register_secret
from runtime.settings import SplynxApi


def chosen(api: SplynxApi, ask: Ask, clock: Clock) -> Authentication:
    """Return the way that the settings ask for."""
    if api.way == "basic":
        pair = base64.b64encode(f"{api.user}:{api.secret}".encode()).decode()
        register_secret(pair)
        return Constant("basic", f"Basic {pair}")
    return Signature(api) if api.way == "signature" else Tokens(api, ask, clock)
