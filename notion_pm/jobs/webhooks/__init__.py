"""Notion's webhooks: deliveries are verified, gathered, and lead to a sync of what they name."""
