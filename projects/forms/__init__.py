"""The forms of projects and communities."""
