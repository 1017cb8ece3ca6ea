# syntax=docker/dockerfile:1
# One image for every part of Chargehand: `migrate`, `serve`, `worker`, and the simulated systems of record.
# docs/deploy.md says how they go together.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /src

# The tools that build, which the image does not keep.
COPY requirements/uv.lock requirements/build.lock requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --quiet --require-hashes -r requirements/uv.lock \
    && /opt/build/bin/uv pip install --quiet --python /opt/build/bin/python --require-hashes --no-deps \
       -r requirements/build.lock

# What it runs on: every file is checked against its hash. Changes seldom, so it is a layer of its own.
COPY requirements/runtime.lock requirements/
RUN python -m venv --without-pip /opt/chargehand \
    && /opt/build/bin/uv pip install --quiet --python /opt/chargehand/bin/python --require-hashes \
       -r requirements/runtime.lock

# `--build-arg EXTRAS=sentence-transformers` adds torch for other embedding models, from TORCH_INDEX where one is
# given: the address of a package index that has CPU builds of torch.
ARG EXTRAS=""
ARG TORCH_INDEX=""
COPY . .
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
    && /opt/build/bin/uv pip install --quiet --python /opt/chargehand/bin/python \
       ${TORCH_INDEX:+--index "${TORCH_INDEX}"} --constraint requirements/runtime.lock \
       "$(ls /dist/*.whl)${EXTRAS:+[${EXTRAS}]}"

FROM python:${PYTHON_VERSION}-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/chargehand --create-home --shell /usr/sbin/nologin chargehand
COPY --from=build /opt/chargehand /opt/chargehand
ENV PATH=/opt/chargehand/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    CHARGEHAND_ENVIRONMENT=production \
    CHARGEHAND_HOME=/var/lib/chargehand \
    CHARGEHAND_HOST=0.0.0.0
USER 10001
WORKDIR /var/lib/chargehand
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=40s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ.get('CHARGEHAND_PORT', '8000')}/healthz\", timeout=2)"]
ENTRYPOINT ["chargehand"]
CMD ["serve"]
