# The signaling server as a static program in an image of its own, without a shell and without root.
#
#   docker build -t visavis-signal-server .
#   docker run -d --read-only --cap-drop ALL -p 9090:9090/tcp -p 3478:3478/udp -v visavis-data:/data visavis-signal-server

FROM docker.io/library/rust:1.95-alpine AS build
# The C compiler is for the embedded database and the cryptography; the programs are linked against musl, statically.
RUN apk add --no-cache musl-dev gcc ca-certificates
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package visavis-signal-server \
    && install -D -m 0755 target/release/visavis-signal-server /image/usr/local/bin/visavis-signal-server \
    && install -d -m 0700 -o 65532 -g 65532 /image/data

FROM scratch
COPY --from=build /image /
# By these the server knows whom it connects to by TLS, such as a Redis; without such an option it connects to nobody.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
VOLUME /data
# The page with the figures is for the operator: publish its port to 127.0.0.1 only.
ENV VISAVIS_METRICS_LISTEN=0.0.0.0:9091 VISAVIS_DATA_DIR=/data
EXPOSE 9090/tcp 3478/udp 9091/tcp
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/visavis-signal-server"]
