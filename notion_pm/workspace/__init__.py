"""What every subject needs of a live workspace: its record, its parent page."""
