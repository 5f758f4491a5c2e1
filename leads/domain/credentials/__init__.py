"""How a source proves who it is: API keys and signing secrets."""
