"""The engine, loaded: what the server of forks imports once, so that no fork has to."""

import django

django.setup()

import billing_engine.urls  # noqa: E402, F401 -- Django imports it with the first request
import tests.core.dying  # noqa: E402, F401 -- with all tasks
