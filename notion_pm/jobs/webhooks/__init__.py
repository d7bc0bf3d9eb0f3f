"""Notion's webhooks: deliveries are verified and collected, then the pages they name are synced."""
