"""What an import decides, pure: records of a file x a map x what Notion holds -> pages to create and to update."""
