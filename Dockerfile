# One image for every process: `web`, `nginx`, `worker`, `beat`, `migrate` and `manage` are commands of deploy/entrypoint.sh.
# It runs as uid 10001, with nothing but /tmp to write to: docker run --read-only --tmpfs /tmp IMAGE web

# The price decision, compiled; the C compiler stays in this stage.
FROM python:3.13-slim-bookworm AS compile
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
# The packages have no fixed version, as below.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/* \
    && python -m venv /venv
WORKDIR /app
COPY requirements-compile.txt ./
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements-compile.txt
COPY pricing/__init__.py pricing/
COPY pricing/rating pricing/rating/
COPY deploy/compile.py deploy/
RUN /venv/bin/python -m deploy.compile --must

FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt requirements-watch.txt ./
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements.txt -r requirements-watch.txt
COPY . ./
COPY --from=compile /app/var var/
# The settings require a database and Redis; collecting files uses neither, and the key signs nothing.
RUN SECRET_KEY=signs-nothing DATABASE_URL=postgres:/// REDIS_URL=redis:// \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q /venv/lib billing_engine leads pricing invoices receivables reports portal

FROM python:3.13-slim-bookworm
# The package has no fixed version, so that it gets the distribution's security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx-light \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 engine \
    && useradd --uid 10001 --gid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin engine
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=billing_engine.settings
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
# Fargate mounts a volume at /tmp, and all users can write to it only if the image declares it.
VOLUME ["/tmp"]
USER 10001:10001
EXPOSE 8000 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["deploy/entrypoint.sh", "health"]
ENTRYPOINT ["deploy/entrypoint.sh"]
CMD ["web"]
