"""What an action costs: one pure function over plain values, standard library only.

Billing, re-rating, reports and explanations all call it; the price logic exists only once.
"""
