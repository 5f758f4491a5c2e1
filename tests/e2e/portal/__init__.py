"""The portal in a real browser: as its people use it, by keyboard, on a phone, and without JavaScript."""
