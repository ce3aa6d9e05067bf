"""Django's admin for curators."""
