"""The nouns of what is built together, one file each."""
