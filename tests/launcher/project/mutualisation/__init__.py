"""A portal in small, with what the launcher asks of the real one: the tests run it beside a copy of the launcher."""
