"""The dry run of a file: the outcome that each row would have, told without storing anything."""
