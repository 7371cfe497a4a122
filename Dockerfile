# One image for all programs: webhook, fetcher, kubelet check, and command line.
#
# Build the image with scripts/image, or directly:
#   docker build --build-arg VERSION=1.2.3 --tag aws-secrets-injector:1.2.3 .
#
# Base images are pinned by digest; scripts/image accepts others only with a digest.
#
# Needs Node and npm. The Node of the final image comes from npm, and package-lock.json pins it by
# integrity hash.
ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
# Needs glibc, libstdc++ and the list of its Debian packages.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

# --- bundles, on the platform of the builder --------------------------------------------------------
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS bundles
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Settings for a private registry are build secrets, which are mounted for these steps only and are not
# part of any layer: npmrc (npm configuration) and ca-bundle (additional CA certificates). Both are
# optional.
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca-bundle \
    set -eu; \
    if [ -f /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi; \
    if [ -f /run/secrets/ca-bundle ]; then \
      export NODE_EXTRA_CA_CERTS=/run/secrets/ca-bundle NPM_CONFIG_CAFILE=/run/secrets/ca-bundle; \
    fi; \
    npm ci --cache /tmp/npm-cache; \
    rm -rf /tmp/npm-cache
COPY . .
RUN npm run build -- bundles
# The Node of the image's platform, in /target.
ARG TARGETARCH
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca-bundle \
    set -eu; \
    if [ -f /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi; \
    if [ -f /run/secrets/ca-bundle ]; then \
      export NODE_EXTRA_CA_CERTS=/run/secrets/ca-bundle NPM_CONFIG_CAFILE=/run/secrets/ca-bundle; \
    fi; \
    case $TARGETARCH in amd64) cpu=x64 ;; *) cpu=$TARGETARCH ;; esac; \
    mkdir -p /target; \
    if [ ! -d "node_modules/node-linux-$cpu" ]; then \
      mkdir /other; \
      cp package.json package-lock.json .npmrc /other/; \
      (cd /other; npm ci --omit dev --ignore-scripts --os linux --cpu "$cpu" --cache /tmp/npm-cache); \
      mv "/other/node_modules/node-linux-$cpu" node_modules/; \
      rm -rf /other /tmp/npm-cache; \
    fi; \
    cp "node_modules/node-linux-$cpu/bin/node" "node_modules/node-linux-$cpu/LICENSE" /target/

# --- code caches, on the platform of the image: V8 rejects those of any other binary ----------------
# Buildah would otherwise use the platform of the stage before.
FROM --platform=$TARGETPLATFORM ${BASE_IMAGE} AS code-cache
USER 0
COPY --from=bundles /target/node /code-cache/
COPY --from=bundles /src/dist/code-cache.cjs /src/dist/fetch.cjs /src/dist/secrets-manager.cjs /code-cache/
# The only step that runs under emulation when the platforms differ.
RUN ["/code-cache/node", "--random-seed=1", "/code-cache/code-cache.cjs", "/code-cache"]

# --- the executable, on the platform of the builder -------------------------------------------------
FROM bundles AS executable
COPY --from=code-cache /code-cache/fetch.cache /code-cache/secrets-manager.cache dist/
COPY --from=code-cache /var/lib/dpkg/ /base/dpkg/
ARG SOURCE_DATE_EPOCH=0
ARG TARGETARCH
# npm runs the scripts with the Node of the lock file.
RUN set -eu; \
    npm run build -- executable /target/node; \
    npm run notices -- dist/THIRD-PARTY-NOTICES.txt; \
    npm run sbom -- --platform "linux/$TARGETARCH" --base /base/dpkg --output dist/sbom.spdx.json
# Lists every file, because dist/ also contains the demo with its AWS fake, which the image must not
# contain. The executable contains all programs.
RUN set -eu; \
    mkdir -p /image/app /image/licenses; \
    cp dist/aws-secrets-injector /image/app/; \
    cp LICENSE dist/THIRD-PARTY-NOTICES.txt dist/sbom.spdx.json /image/licenses/; \
    cp /target/LICENSE /image/licenses/NODE-LICENSE.txt; \
    find /image -type f -exec chmod 0444 {} +; \
    chmod 0555 /image/app/aws-secrets-injector; \
    chmod 0755 /image /image/app /image/licenses; \
    find /image -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM --platform=$TARGETPLATFORM ${BASE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aws-secrets-injector" \
      org.opencontainers.image.description="Kubernetes admission webhook that injects AWS Secrets Manager secrets into pods" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=executable --chown=0:0 /image/ /
WORKDIR /app
# Numeric, because kubelet cannot verify that a user name is not root.
USER 65532:65532
ENTRYPOINT ["/app/aws-secrets-injector"]
CMD ["--help"]
