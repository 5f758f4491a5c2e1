"""What disputes are about, in the records of the engine, and their figures."""
