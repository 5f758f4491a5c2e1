"""The pages of credit notes, and the buttons that draft them."""
