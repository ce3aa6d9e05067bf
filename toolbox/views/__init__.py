"""The pages of the toolbox."""
