"""The administration of projects and communities."""
