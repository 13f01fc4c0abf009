"""Django's way to PostgreSQL, asked less."""
