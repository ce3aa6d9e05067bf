"""One table, to see what is kept and what is lost."""
