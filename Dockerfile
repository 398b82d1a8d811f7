# Builds Switchroom on Debian 12 and leaves an image with the executable and nothing else.
# Built with buildah 1.28 and run with podman 4.3 and crun; docs/installation.md says how.

FROM debian:12 AS build
WORKDIR /source
COPY scripts/bootstrap scripts/build-libraries scripts/
RUN scripts/bootstrap --no-tests
COPY . .
# .git is not copied (.dockerignore); pass the revision that --version shall tell.
ARG REVISION=unknown
RUN SWITCHROOM_REVISION="$REVISION" scripts/build
# The data directory, with the owner that the executable runs as, and the second name: an empty image cannot make them.
RUN mkdir -p /empty/var/lib/switchroom /empty/tmp && ln -s switchroom /empty/pbxctl && chown -R 65532:65532 /empty

FROM scratch
COPY --from=build /source/build/switchroom /switchroom
COPY --from=build --chown=65532:65532 /empty/ /
USER 65532:65532
ENV HOME=/var/lib/switchroom
VOLUME /var/lib/switchroom
EXPOSE 5060/udp 5060/tcp 16384-32768/udp
# TERM lets calls end and records be written: some 12 s, more than engines wait unless told (--stop-timeout).
STOPSIGNAL SIGTERM
ENTRYPOINT ["/switchroom"]
