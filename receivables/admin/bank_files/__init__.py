"""The pages of bank files, their rows, our accounts and mappings."""
