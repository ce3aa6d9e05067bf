"""The territory's portrait: what is shared, asked and lent, in figures that anyone may read and nobody is told by."""
