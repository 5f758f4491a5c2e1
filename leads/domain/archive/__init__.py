"""The archive: raw bodies in object storage, written once under their digest."""
