"""Building, executing and checking the notebooks."""
