"""From what is live in Notion to a template: the way back of planning."""
