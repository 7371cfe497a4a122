/** Connects the parts of the webhook: three servers, a certificate source, the cluster check and readiness. */
import type { InjectionSettings, NativeSupport, SidecarSupport } from '../core/settings.ts';
import type { LogFields, Logger } from '../runtime/log/logger.ts';
import { readCaBundle } from '../runtime/settings/ca-bundle.ts';
import { caBundleOf, withCaBundle } from '../runtime/settings/network.ts';
import type { Service } from '../runtime/shutdown.ts';
import {
  type CertificateOptions,
  certificateFields,
  certificateSource,
  describeCertificate,
} from './certificate-source.ts';
import { DenialEvents, type DenialEventsParts } from './events/denial-events.ts';
import { FileWatch } from './file-watch.ts';
import { makeMetrics } from './metrics.ts';
import { NATIVE_SIDECARS, NATIVE_VARIABLES } from './native/native-support.ts';
import { NativeWatch, type NativeWatchParts } from './native/native-watch.ts';
import { type PolicyFile, startPolicyWatch } from './policy-watch.ts';
import { makeReadiness } from './readiness/readiness.ts';
import { makeMutate } from './review/mutate.ts';
import { everyAddress, portOf, reachable } from './server/addresses.ts';
import { isAuthorized, readClientCa } from './server/client-certificates.ts';
import type { ServerLimits } from './server/limits.ts';
import { MIN_TLS_VERSION, makeMutateServer } from './server/mutate-server.ts';
import { makeMetricsServer, makeProbeServer } from './server/plain-server.ts';
import type { TracesOptions } from './traces/opentelemetry.ts';
import type { ReviewTraces } from './traces/review-traces.ts';

export interface WebhookOptions {
  readonly injection: InjectionSettings;
  /** How the cluster is checked; without it, `injection` decides about native variables. */
  readonly native?: ClusterCheck;
  /** The same for native sidecars. */
  readonly sidecars?: ClusterCheck;
  readonly limits: ServerLimits;
  readonly listenPort: number;
  readonly probePort: number;
  readonly metricsPort: number;
  /** Undefined for all addresses. */
  readonly listenAddress: string | undefined;
  readonly certificates: CertificateOptions;
  /** CAs of clients that get answers; undefined to answer every client. */
  readonly clientCaFile?: string | undefined;
  /** The file with certificate authorities for the fetcher, and how often it is read. */
  readonly caBundle?: { readonly file: string; readonly checkMilliseconds?: number };
  /** The file with the operator's policy, and how often it is read. */
  readonly policy?: PolicyFile;
  /** How Events about rejections by the policy are written; undefined to write none. */
  readonly events?: Pick<DenialEventsParts, 'api' | 'times'>;
  /** Where spans of reviews are sent; undefined to record none. */
  readonly traces?: Pick<TracesOptions, 'endpoint' | 'ratio' | 'times'>;
}

type ClusterCheck = Pick<NativeWatchParts<unknown>, 'setting' | 'api' | 'times'>;

export interface Webhook extends Service {
  readonly listenPort: number;
  readonly probePort: number;
  readonly metricsPort: number;
}

/**
 * Starts the servers. Resolves when all listen, also without a certificate, which readiness reports.
 * @throws Error if the policy cannot be read: without it, the webhook would allow everything
 */
export async function startWebhook(options: WebhookOptions, log: Logger): Promise<Webhook> {
  const metrics = makeMetrics();
  const host = options.listenAddress ?? everyAddress();
  const clientCa = options.clientCaFile === undefined ? undefined : readClientCa(options.clientCaFile);
  let isDraining = false;
  let inUseSince = 0;
  // Replaced as a whole, so that a review uses one state.
  let { injection } = options;

  const native =
    options.native === undefined
      ? undefined
      : new NativeWatch({
          ...options.native,
          feature: NATIVE_VARIABLES,
          use: (support) => {
            injection = Object.freeze({ ...injection, native: support });
            metrics.setNativeVariables(support.can);
            log.info('native variables', nativeFields(support));
          },
          report: (problem) => log.warn('the API server did not return versions', { problem }),
        });
  const sidecars =
    options.sidecars === undefined
      ? undefined
      : new NativeWatch({
          ...options.sidecars,
          feature: NATIVE_SIDECARS,
          use: (support) => {
            injection = Object.freeze({ ...injection, sidecars: support });
            metrics.setNativeSidecars(support.can);
            log.info('native sidecars', sidecarFields(support));
          },
          report: (problem) => log.warn('the API server did not return versions', { problem }),
        });
  const { caBundle } = options;
  const authorities =
    caBundle === undefined
      ? undefined
      : new FileWatch({
          read: () => readCaBundle(caBundle.file),
          isSame: (one, other) => one === other,
          use: (pem) => {
            injection = withCaBundle(injection, pem);
            log.info('certificate authorities in use');
          },
          report: (problem) => log.warn('the CA bundle cannot be used', { problem }),
          checkMilliseconds: caBundle.checkMilliseconds,
        });
  const rules =
    options.policy === undefined
      ? undefined
      : startPolicyWatch(options.policy, {
          use: (policy) => {
            injection = Object.freeze({ ...injection, policy });
          },
          metrics,
          log,
        });
  const certificates = certificateSource(options.certificates, {
    use: (pair) => {
      // Open connections keep the certificate of their handshake.
      tls.app.server.setSecureContext({
        cert: pair.cert,
        key: pair.key,
        minVersion: MIN_TLS_VERSION,
        ...(clientCa === undefined ? {} : { ca: clientCa }),
      });
      metrics.countCertificateLoad('loaded');
      metrics.setCertificate(options.certificates.source, pair.leaf.validToDate.getTime() / 1000);
      inUseSince = Date.now();
      log.info('certificate in use', certificateFields(pair));
    },
    report: (problem) => {
      metrics.countCertificateLoad('failed');
      log.warn('the certificate cannot be used', { problem });
    },
    authority: ({ expiry, isTrusted }) => metrics.setAuthority(expiry / 1000, isTrusted),
    wrote: (what, object) => {
      metrics.countCertificateWrite(object);
      log.info(what);
    },
  });
  const readiness = makeReadiness({
    certificates,
    isDraining: () => isDraining,
    isSettled: () => (native?.isSettled ?? true) && (sidecars?.isSettled ?? true),
    address: () => ({ host: reachable(host), port: portOf(tls.app.server.address()) }),
  });
  const events =
    options.events === undefined
      ? undefined
      : new DenialEvents({
          ...options.events,
          count: metrics.countEvent,
          report: (problem) => log.warn('Events cannot be written', { problem }),
        });
  const traces =
    options.traces === undefined
      ? undefined
      : await openReviewTraces({
          ...options.traces,
          authorities: () => caBundleOf(injection),
          count: metrics.countSpans,
          report: (problem) => log.warn('traces cannot be sent', { problem }),
        });
  const mutate = makeMutate({
    settings: () => injection,
    log,
    metrics,
    isOwnReview: readiness.isOwnReview,
    traces,
    denied: events === undefined ? undefined : (denial) => events.add(denial),
  });
  const tls = makeMutateServer({
    mutate,
    metrics,
    limits: options.limits,
    isDraining: () => isDraining,
    mayAsk:
      clientCa === undefined
        ? undefined
        : (request) => isAuthorized(request.socket) || readiness.isOwnRequest(request),
  });
  const probes = makeProbeServer(readiness, metrics, () =>
    describeCertificate(options.certificates, certificates.current, inUseSince),
  );
  const scraped = makeMetricsServer(metrics);

  authorities?.start();
  void native?.start();
  void sidecars?.start();
  await certificates.start();
  await tls.app.listen({ host, port: options.listenPort });
  await probes.listen({ host, port: options.probePort });
  await scraped.listen({ host, port: options.metricsPort });
  const listenPort = portOf(tls.app.server.address());
  const probePort = portOf(probes.server.address());
  const metricsPort = portOf(scraped.server.address());
  log.info('listening for reviews', { address: host, port: listenPort });
  log.info('listening for probes', { address: host, port: probePort });
  log.info('serving metrics', { address: host, port: metricsPort });
  log.flush();
  return {
    listenPort,
    probePort,
    metricsPort,
    drain: () => {
      isDraining = true;
    },
    close: async () => {
      authorities?.stop();
      rules?.stop();
      native?.stop();
      sidecars?.stop();
      certificates.stop();
      await tls.close();
      events?.stop();
      await traces?.close();
      await probes.close();
      await scraped.close();
    },
  };
}

/** Loads the library for traces, which is a bundle of its own. */
async function openReviewTraces(options: TracesOptions): Promise<ReviewTraces> {
  const { openTraces } = await import('./traces/opentelemetry.ts');
  return openTraces(options);
}

function nativeFields(support: NativeSupport): LogFields {
  return support.can ? { native: true, probe: support.probe } : { native: false, problem: support.why };
}

function sidecarFields(support: SidecarSupport): LogFields {
  return support.can ? { native: true } : { native: false, problem: support.why };
}
