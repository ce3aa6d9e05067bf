"""Repeatable measurements: how fast the portal answers at 10,000 and 100,000 entries, and what its pages weigh."""
