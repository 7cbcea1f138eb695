# One static binary on an empty base, as a user without a name. Build: docker build -t plimsoll .
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY controls controls
COPY src src
COPY testdata testdata
RUN cargo build --release --locked --bin plimsoll && ./target/release/plimsoll --version

FROM scratch
COPY --from=build /source/target/release/plimsoll /plimsoll
USER 65532:65532
WORKDIR /repository
ENTRYPOINT ["/plimsoll"]
CMD ["check"]
