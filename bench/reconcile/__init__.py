"""How fast marts are compared with their tables in the target, beside reladiff on the same rows."""
