"""The pages of API keys and signing secrets."""
