"""What the lessons train, and what it costs."""
