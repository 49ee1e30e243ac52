"""The pages of pairing: thin, each reads the request, calls one rule and renders."""
