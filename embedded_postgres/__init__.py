"""A PostgreSQL server that a Python program starts and stops itself, and what such a program needs around it."""
