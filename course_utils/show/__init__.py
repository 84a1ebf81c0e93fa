"""Figures with alt text and table; text with colours."""
