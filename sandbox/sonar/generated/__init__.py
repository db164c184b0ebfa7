"""A tenant for any schema: rows made up by type, the same for the same seed, made when first asked.

Nothing here knows a query or an entity: what a field holds follows from its type, from its name and
from the relations that the schema's naming tells of.
"""
