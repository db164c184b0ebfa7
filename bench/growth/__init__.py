"""How time and memory grow with the tenant: the whole way at several sizes, in one run."""
