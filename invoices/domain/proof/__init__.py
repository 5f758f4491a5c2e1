"""The proof of an issued invoice: its bundle, its place in the chain, and the program that checks it."""
