"""The whole Splynx database in a folder, and back again."""
