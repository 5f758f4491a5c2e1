"""The terms of customers and the details of our companies on their pages: in force, from a day on, and past."""
