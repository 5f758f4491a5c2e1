"""The engine attacked by its own people, its sources and its database login; the README names each finding's test."""
