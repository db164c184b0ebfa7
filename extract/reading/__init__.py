"""How a collection is read: walks, pages, ranges, links."""
