# One image for all programs: webhook, fetcher, kubelet check, and command line.
#
# Build the image with scripts/image, or directly:
#   docker build --build-arg VERSION=0.1.0 --tag aws-secrets-injector:0.1.0 .
#
# Base images are pinned by digest; scripts/image accepts others only with a digest.
#
# Needs Node and npm. The Node of the final image comes from npm, and package-lock.json pins it by
# integrity hash.
ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
# Needs glibc and libstdc++.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Settings for a private registry are build secrets, which are mounted for this step only and are not
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
# npm runs the build with the project's Node, which becomes part of the executable: V8 rejects a code
# cache from any other binary.
RUN npm run build && node scripts/third-party-notices.ts dist/THIRD-PARTY-NOTICES.txt
ARG SOURCE_DATE_EPOCH=0
# Lists every file, because dist/ also contains the demo with its AWS fake, which the image must not
# contain. The executable contains all programs.
RUN set -eu; \
    mkdir -p /image/app /image/licenses; \
    cp dist/aws-secrets-injector /image/app/; \
    cp LICENSE dist/THIRD-PARTY-NOTICES.txt /image/licenses/; \
    cp node_modules/node-linux-*/LICENSE /image/licenses/NODE-LICENSE.txt; \
    find /image -type f -exec chmod 0444 {} +; \
    chmod 0555 /image/app/aws-secrets-injector; \
    chmod 0755 /image /image/app /image/licenses; \
    find /image -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aws-secrets-injector" \
      org.opencontainers.image.description="Kubernetes admission webhook that injects AWS Secrets Manager secrets into pods" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build --chown=0:0 /image/ /
WORKDIR /app
# Numeric, because kubelet cannot verify that a user name is not root.
USER 65532:65532
ENTRYPOINT ["/app/aws-secrets-injector"]
CMD ["--help"]
