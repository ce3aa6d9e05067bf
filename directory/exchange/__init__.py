"""What comes in and goes out: fixtures, feeds, exports."""
