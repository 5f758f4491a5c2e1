"""What commands write into `docs`, so that a change of it is reviewed."""
