"""What every app may use and that knows none of them: no table lives here."""
