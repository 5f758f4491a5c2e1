"""How a source authenticates: API keys and signing secrets."""
