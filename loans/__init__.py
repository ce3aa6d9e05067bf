"""From the request to the return: what organisations lend one another."""
