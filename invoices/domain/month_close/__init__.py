"""A month locked, approved, issued and closed."""
