"""Emails that people of customers can switch off."""
