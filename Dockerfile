# The production image: knowctl and the API, with what requirements.lock pins and nothing else.
#   docker build --tag knowalledge-api .
#   docker run -p 5000:5000 --env-file .env knowalledge-api
# The tests run on this Python; another: --build-arg PYTHON=3.13-slim-trixie
ARG PYTHON=3.11-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_CACHE_DIR=/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python -m venv --without-pip /opt/knowalledge
COPY requirements.lock ./
# The cache is the builder's: it is in no layer.
# hadolint ignore=DL3042
RUN --mount=type=cache,target=/var/cache/pip \
    pip --python /opt/knowalledge/bin/python install --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY docs/checks.md docs/
COPY src src
RUN pip --python /opt/knowalledge/bin/python install --no-cache-dir --no-deps --no-build-isolation .

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="KnowAlledge API" \
      org.opencontainers.image.description="Backend of KnowAlledge, and knowctl, which operates it" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/knowalledge /opt/knowalledge
# Its own where the root file system can be written; else mount a tmpfs at /run, and one at /tmp.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /run/knowctl
ENV PATH=/opt/knowalledge/bin:$PATH \
    APP_ENV=production HOST=0.0.0.0 PORT=5000 KNOWCTL_RUN_DIR=/run/knowctl
WORKDIR /srv/knowalledge
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["knowctl", "health"]
ENTRYPOINT ["knowctl"]
# A container that is run by itself brings its database up to date; many at once take turns.
CMD ["serve", "--migrate"]
