"""The pages of a customer's portal; each is reached only through the gate."""
