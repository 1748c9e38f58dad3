# The signaling server alone in an image with the C library and little else: no shell, no package manager, no root.
#
#   docker build -t visavis-signal-server --build-arg VISAVIS_COMMIT="$(git rev-parse --short=12 HEAD)" .
#   docker run -d --read-only --cap-drop ALL -p 9090:9090/tcp -p 3478:3478/udp -v visavis-data:/data visavis-signal-server

FROM docker.io/library/rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# What `--version` says: there is no git in here.
ARG VISAVIS_COMMIT
ARG SOURCE_DATE_EPOCH
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package visavis-signal-server \
    && install -D -m 0755 target/release/visavis-signal-server /image/bin/visavis-signal-server \
    && install -d -m 0700 /image/var/data

# Of the same Debian as the stage above, so that the C library is the one that the program was linked for. It brings the
# authorities by which the server knows whom it connects to by TLS, such as a Redis.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image/bin /usr/local/bin
# Copied files are root's unless it is said; the names are kept by the user that the server runs as.
COPY --from=build --chown=65532:65532 /image/var /
USER 65532:65532
VOLUME /data
# The page with the metrics is for the operator: publish its port to 127.0.0.1 only.
ENV VISAVIS_METRICS_LISTEN=0.0.0.0:9091 VISAVIS_DATA_DIR=/data
EXPOSE 9090/tcp 3478/udp 9091/tcp
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/visavis-signal-server"]
