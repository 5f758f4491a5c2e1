"""Finding leads and actions among millions."""
