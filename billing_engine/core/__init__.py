"""The base layer that all apps build on; it imports none of them."""
