"""The pages of quarantined items and bulk retries."""
