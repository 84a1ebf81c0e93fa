"""Typed results files, a folder of them read once, and the page."""
