# Builds Switchroom on Debian 12 and leaves an image with the executable and nothing else.
# Written without a container engine at hand: not tested. docs/installation.md says how to run it.

FROM debian:12 AS build
WORKDIR /source
COPY scripts/bootstrap scripts/build-libraries scripts/
RUN scripts/bootstrap --no-tests
COPY . .
# .git is not copied (.dockerignore); pass the revision that --version shall tell.
ARG REVISION=unknown
RUN SWITCHROOM_REVISION="$REVISION" scripts/build
# The data directory, with the owner that the executable runs as: an empty image cannot make one.
RUN mkdir -p /empty/var/lib/switchroom /empty/tmp && chown -R 65532:65532 /empty

FROM scratch
COPY --from=build /source/build/switchroom /switchroom
COPY --from=build /source/build/switchroom /pbxctl
COPY --from=build --chown=65532:65532 /empty/ /
USER 65532:65532
ENV HOME=/var/lib/switchroom
VOLUME /var/lib/switchroom
EXPOSE 5060/udp 5060/tcp 16384-32768/udp
# TERM lets calls be ended and records be written.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/switchroom"]
