"""The pages of courses and accounts: each reads the request, asks the rules and renders."""
