"""The price rules that are in force."""
