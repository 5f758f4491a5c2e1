"""The pages of people's data: find, export, erase, retention and archive."""
