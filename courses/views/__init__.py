"""The pages of courses and accounts: thin, each reads the request, asks the rules and renders."""
