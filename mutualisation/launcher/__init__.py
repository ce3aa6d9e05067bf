"""Starts the portal on one machine: database, server, tests. Works before Django is configured."""
