"""The pages of file imports: upload, what was found, dry run, progress and outcome."""
