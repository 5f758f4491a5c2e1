"""Checks a proof bundle: pure, standard library and the billing function only, so that it fits into one file, `verify.py`."""
