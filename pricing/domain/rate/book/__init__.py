"""What prices depend on: the rules and the catalog, as each process keeps them."""
