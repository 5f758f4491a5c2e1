"""The sample company of `make run`: a marketplace for material samples whose brands pay for what designers do."""
