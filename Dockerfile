# One image for the three programs: webhook, fetcher and command line.
#
# Build it with scripts/image, or directly:
#   docker build --build-arg VERSION=0.1.0 --tag aws-secrets-injector:0.1.0 .
#
# Needs only Node and npm: the Node that ends up in the image is the one that package-lock.json pins.
ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim
# Needs only glibc and libstdc++. Pin it by digest where builds must be repeatable.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Settings for a private registry come as secrets, which are mounted for this step only and never become part of a
# layer: npmrc (npm's configuration) and ca-bundle (certificates to trust besides Node's own). Both may be absent.
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca-bundle \
    set -eu; \
    if [ -f /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi; \
    if [ -f /run/secrets/ca-bundle ]; then \
      export NODE_EXTRA_CA_CERTS=/run/secrets/ca-bundle NPM_CONFIG_CAFILE=/run/secrets/ca-bundle; \
    fi; \
    npm ci --cache /tmp/npm-cache; \
    rm -rf /tmp/npm-cache
COPY . .
# npm puts the project's own Node in front, so the code cache is made by the very binary that is copied below. V8
# takes a cache from no other.
RUN npm run build && node scripts/third-party-notices.ts dist/THIRD-PARTY-NOTICES.txt
ARG SOURCE_DATE_EPOCH=0
# Named one by one: the demo and its AWS stand-in are in dist/ too and stay behind.
RUN set -eu; \
    mkdir -p /image/app /image/licenses; \
    cp node_modules/node/bin/node /image/app/node; \
    cp dist/cli.cjs dist/webhook.cjs dist/fetch.cjs dist/secrets-manager.cjs dist/secrets-manager.cache \
      dist/jmespath.cjs dist/template.cjs dist/check.cjs /image/app/; \
    cp LICENSE dist/THIRD-PARTY-NOTICES.txt /image/licenses/; \
    cp node_modules/node/node_modules/node-*/LICENSE /image/licenses/NODE-LICENSE.txt; \
    find /image -type f -exec chmod 0444 {} +; \
    chmod 0555 /image/app/node; \
    chmod 0755 /image /image/app /image/licenses; \
    find /image -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aws-secrets-injector" \
      org.opencontainers.image.description="Kubernetes admission webhook that brings AWS Secrets Manager secrets into pods" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build --chown=0:0 /image/ /
ENV NODE_ENV=production
WORKDIR /app
# In numbers: kubelet cannot tell from a name that a user is not root.
USER 65532:65532
ENTRYPOINT ["/app/node", "/app/cli.cjs"]
CMD ["--help"]
