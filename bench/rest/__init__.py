"""How fast a load goes over the API, beside a client that only sends the same requests."""
