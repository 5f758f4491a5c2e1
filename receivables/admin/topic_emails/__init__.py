"""The log of emails that people of customers can switch off."""
