"""Pages that gather several apps. Only urls.py imports it."""
