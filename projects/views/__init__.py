"""The pages of projects and communities."""
