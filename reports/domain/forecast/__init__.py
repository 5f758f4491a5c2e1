"""The forecast of a month from daily amounts: pure, on integers in micro-units."""
