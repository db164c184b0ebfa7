"""The bytes behind records: fetched, kept by checksum, linked."""
