"""Files of very many rows, as a reply sends them and as a worker writes them."""
