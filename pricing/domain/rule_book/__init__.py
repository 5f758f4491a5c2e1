"""The life cycle of price rules: draft, check, approve, activate."""
