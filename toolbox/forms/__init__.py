"""The forms of the toolbox."""
