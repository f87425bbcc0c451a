# syntax=docker/dockerfile:1

# The same Debian below and above, so that the binary finds the C library that it was linked to.
ARG DEBIAN=trixie
ARG RUST=1.95

FROM rust:${RUST}-slim-${DEBIAN} AS build
WORKDIR /src
COPY . .
# The caches outlive this layer: after a change of Kundig's own code no dependency is fetched or compiled again. They
# are not part of the image, hence the copy of the binary in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package kundig \
    && cp target/release/kundig /usr/local/bin/kundig

FROM debian:${DEBIAN}-slim
# The authorities that identity providers' certificates come from.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --user-group --no-create-home --home-dir /data kundig \
    && install --directory --owner=kundig --group=kundig /data
COPY --from=build /usr/local/bin/kundig /usr/local/bin/kundig
USER kundig
# Where `sqlite://kundig.db` ends up, the database that is used when no other is named.
WORKDIR /data
VOLUME /data
# The image has no HTTP client and needs none for this: bash opens the connection itself. It does not speak TLS, so of a server
# that does it only learns that it listens.
SHELL ["/bin/bash", "-c"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD \
    listen=${KUNDIG_LISTEN:-127.0.0.1:8080} \
    && exec 3<>"/dev/tcp/127.0.0.1/${listen##*:}" \
    && if [[ -n ${KUNDIG_TLS_CERTIFICATE:-} ]]; then exit 0; fi \
    && printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3 \
    && read -r _ status _ <&3 && [[ $status == 200 ]] || exit 1
STOPSIGNAL SIGTERM
ENTRYPOINT ["kundig"]
CMD ["serve"]
