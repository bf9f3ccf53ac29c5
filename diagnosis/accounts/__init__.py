"""Accounts, second factors, preferences, export and deletion of what a person has here."""
