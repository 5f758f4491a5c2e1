"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from billing_engine.operations.database_stalls import watchdog
from billing_engine.operations.unread_bodies import reading_to_the_end

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_engine.settings")

watchdog.be(watchdog.OF_WEB)  # before the first connection

application = reading_to_the_end(get_wsgi_application())
