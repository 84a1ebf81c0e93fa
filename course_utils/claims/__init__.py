"""Claims, margins, intervals, verdicts: what counts as evidence, and what it says."""
