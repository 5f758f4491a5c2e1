"""Emails that people of customers can switch off: requested once for each cause and person, and written when they leave."""
