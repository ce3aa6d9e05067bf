"""Who is who, what they share, when it is free."""
