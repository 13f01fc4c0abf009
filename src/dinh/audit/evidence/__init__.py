"""Evidence that an outsider checks: nothing in here needs a database, settings or a network."""
