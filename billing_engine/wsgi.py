"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from billing_engine.silence import watch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_engine.settings")

watch.be(watch.OF_WEB)  # before the first connection

application = get_wsgi_application()
