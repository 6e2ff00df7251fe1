# Debian 12 throughout. One builder; one small image a service:
#   docker build --target scheduler -t belfry-scheduler .
# Every service runs as user 10001 without capabilities, writes below /data only, and drains on
# SIGTERM.

FROM debian:12 AS builder
WORKDIR /src
# Packages first: they change less often than the source.
COPY scripts/lib.sh scripts/setup.sh scripts/
RUN scripts/setup.sh
COPY . .
RUN scripts/build.sh release belfry-scheduler belfry-dashboard belfry-payment belfry-notification \
 && mkdir /out \
 && for name in scheduler dashboard payment notification; do \
      strip -o /out/belfry-$name build/release/bin/belfry-$name; \
    done

# Each RUN removes apt's lists and caches; some base images do not, and a cache takes about 85 MB.
FROM debian:12-slim AS runtime
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates libboost-container1.81.0 libboost-json1.81.0 libc-ares2 libfmt9 libsodium23 libspdlog1.10 libssl3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin belfry \
 && install -d -o belfry -g belfry -m 0700 /data
COPY deploy/docker/healthy /usr/local/bin/healthy
USER 10001:10001
WORKDIR /data
STOPSIGNAL SIGTERM

FROM runtime AS scheduler
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcjose0 libdate-tz3 libjansson4 libsqlite3-0 libutf8proc2 tzdata \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
USER 10001:10001
COPY --from=builder /out/belfry-scheduler /usr/local/bin/
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=4s --start-period=20s CMD ["healthy", "8080"]
ENTRYPOINT ["belfry-scheduler", "--listen", "0.0.0.0:8080", "--data", "/data"]

FROM runtime AS dashboard
COPY --from=builder /out/belfry-dashboard /usr/local/bin/
EXPOSE 8083
HEALTHCHECK --interval=5s --timeout=4s --start-period=20s CMD ["healthy", "8083"]
ENTRYPOINT ["belfry-dashboard", "--listen", "0.0.0.0:8083"]

FROM runtime AS payment
COPY --from=builder /out/belfry-payment /usr/local/bin/
VOLUME /data
EXPOSE 8081
HEALTHCHECK --interval=5s --timeout=4s --start-period=20s CMD ["healthy", "8081"]
ENTRYPOINT ["belfry-payment", "--listen", "0.0.0.0:8081", "--data", "/data"]

FROM runtime AS notification
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcurl4 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
USER 10001:10001
COPY --from=builder /out/belfry-notification /usr/local/bin/
VOLUME /data
EXPOSE 8082
HEALTHCHECK --interval=5s --timeout=4s --start-period=20s CMD ["healthy", "8082"]
ENTRYPOINT ["belfry-notification", "--listen", "0.0.0.0:8082", "--data", "/data"]
