"""How dates and times are shown where a page does not say it: the admin, above all."""
