# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build

# Dependencies alone, so that a change of ours doesn't compile them again.
COPY Cargo.toml Cargo.lock ./
# The manifest names them; they are not built.
COPY benches benches
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked && rm -r src

COPY src src
# Newer than what stood in for them, or cargo takes them as built.
RUN touch src/main.rs src/lib.rs && cargo build --release --locked && mkdir data

# The C library, roots for TLS, a user without rights, and nothing else: no shell.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/locadocs /usr/local/bin/locadocs
# A new volume takes over its owner; without one, what is kept goes with the container.
COPY --from=build --chown=nonroot:nonroot --chmod=700 /build/data /data
ENV LOCADOCS_HTTP_LISTEN=0.0.0.0:8080 \
    LOCADOCS_LOG_FORMAT=json \
    LOCADOCS_STORE_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
# Settings come by the environment; a file can be mounted, and named in LOCADOCS_CONFIG.
ENTRYPOINT ["locadocs"]
CMD ["serve"]
