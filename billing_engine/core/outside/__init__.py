"""Storage outside the database in which an object is written once and never overwritten: a folder, or a bucket of S3.

Its alias in the settings is `archive`.
"""
