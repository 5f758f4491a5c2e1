"""The sample company of `make run`: a marketplace of material samples, whose brands pay for what designers do."""
