# syntax=docker/dockerfile:1
# ocr-doc-serve in a container: `docker build --target cpu -t ocr-doc:cpu .`, or `--target cuda`.
# Runs as a user of its own, with a read-only root if /tmp can be written. docs/server.md says more.

FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/ocr-doc \
    && /opt/ocr-doc/bin/pip install --no-cache-dir '.[server]'

FROM build AS build-cuda
RUN /opt/ocr-doc/bin/pip install --no-cache-dir '.[server,torch]'

FROM python:3.12-slim AS base
ENV PATH=/opt/ocr-doc/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home ocr
USER 10001
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/api/health', timeout=4)"]
ENTRYPOINT ["ocr-doc-serve", "--host", "0.0.0.0", "--port", "8000"]

# torch's wheels bring CUDA's libraries along; the host gives the driver (NVIDIA Container Toolkit).
FROM base AS cuda
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=build-cuda /opt/ocr-doc /opt/ocr-doc
CMD ["--device", "cuda"]

FROM base AS cpu
COPY --from=build /opt/ocr-doc /opt/ocr-doc
CMD ["--device", "cpu"]
