"""Who you are: people and how they sign in."""
