"""Forms of the toolbox."""
