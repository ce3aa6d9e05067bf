"""What the pages of loans draw with."""
