"""Import files: read records, choose a map, compare with Notion, create and update pages."""
