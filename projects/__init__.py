"""What organisations build together: collective projects, contributions, communities, gatherings."""
