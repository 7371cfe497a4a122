/**
 * A small client of the API server, with the service account of the pod. Every request has limits on its time and on the
 * size of its answer.
 */
import { readFile } from 'node:fs/promises';
import type { Agent } from 'node:http';
import { textField } from '../core/json.ts';
import { printable } from '../core/problems/quote.ts';
import { failed as failure, ok, type Result } from '../core/problems/result.ts';
import {
  ABORTED,
  type Answer,
  CONNECT_TIMEOUT,
  type Received,
  TIMEOUT,
  TOO_LARGE,
  TRUNCATED,
  UNREADABLE,
} from '../runtime/answer.ts';
import { type Request, sendRequest } from '../runtime/https-request.ts';
import type { Environment } from '../runtime/settings/settings.ts';
import { VERSION } from '../runtime/version.ts';

/** The address of the API server, and the files of the service account. */
export interface ClusterPlace {
  readonly host: string | undefined;
  readonly port: number;
  readonly tokenFile: string;
  readonly caFile: string;
}

export interface ApiLimits {
  /** Until the TLS handshake is done. */
  readonly connectMilliseconds: number;
  /** From the start of the request to the end of the answer. */
  readonly requestMilliseconds: number;
}

export interface ApiQuestion {
  readonly path: string;
  readonly accept: string;
  readonly mostBytes: number;
  /** Makes the request a PATCH with this body. Without it and `create`, the request is a GET. */
  readonly patch?: { readonly contentType: string; readonly body: string };
  /** Makes the request a POST with this body in JSON. */
  readonly create?: string;
  /** Whether the answer is text, such as metrics, instead of JSON. `json` is this text then. */
  readonly plain?: true;
  /** Whether a refusal contains the message of the API server, which can quote the request. */
  readonly explain?: true;
}

export type ApiAnswer =
  /** `at` is the clock of the API server in milliseconds, if the answer contains it. */
  | { readonly kind: 'answer'; readonly json: unknown; readonly at?: number }
  /** `message` only if the question asks for it. */
  | { readonly kind: 'refused'; readonly status: number; readonly message?: string }
  /** `what` never contains text of the answer. `lasting`: another try soon would fail as well. */
  | { readonly kind: 'failed'; readonly what: string; readonly lasting?: boolean };

export interface ClusterApi {
  /** Sends one request. Never rejects. */
  ask(question: ApiQuestion, signal: AbortSignal): Promise<ApiAnswer>;
}

export const DEFAULT_API_LIMITS: ApiLimits = { connectMilliseconds: 3_000, requestMilliseconds: 5_000 };

/** Of the message of a refusal, in characters. */
const MOST_MESSAGE = 4000;

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API server as Kubernetes announces it to every pod. */
export function placeOf(env: Environment): ClusterPlace {
  return {
    host: env['KUBERNETES_SERVICE_HOST'] || undefined,
    port: Number(env['KUBERNETES_SERVICE_PORT'] || 443),
    tokenFile: `${ACCOUNT}/token`,
    caFile: `${ACCOUNT}/ca.crt`,
  };
}

/** Makes the client. It keeps no connections, because requests are minutes apart. */
export function makeClusterApi(place: ClusterPlace, limits: ApiLimits = DEFAULT_API_LIMITS): ClusterApi {
  return {
    async ask(question, signal) {
      const target = await readTarget(place, question.path);
      if (!target.ok) return lasting(target.problem);
      const { connectMilliseconds: connect, requestMilliseconds: total } = limits;
      const bounds = { connect, total, bytes: question.mostBytes };
      const to = { ...target.value, agent: false as const, limits: bounds };
      return read(await exchange(to, question, signal), question);
    },
  };
}

/**
 * Makes a client that sends its requests through a proxy on this machine. The proxy signs in and verifies the API server.
 * @param agent connects to the proxy
 */
export function makeProxiedApi(agent: Agent, { requestMilliseconds: total }: ApiLimits): ClusterApi {
  return {
    async ask(question, signal) {
      const url = urlOf('http', 'localhost', 80, question.path);
      if (url === undefined) return lasting('the path is not valid');
      const limits = { total, bytes: question.mostBytes };
      const answer = await exchange({ url, headers: {}, agent, limits }, question, signal);
      const why = answer.ok ? proxyError(answer) : undefined;
      return why === undefined ? read(answer, question) : lasting(why);
    },
  };
}

/** Where a request goes, and how it is authenticated. */
export interface ApiTarget {
  readonly url: URL;
  readonly ca: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads the service account of the pod. @param path on the API server, with the query @returns or what is missing */
export async function readTarget(place: ClusterPlace, path: string): Promise<Result<ApiTarget, string>> {
  if (place.host === undefined) return failure('KUBERNETES_SERVICE_HOST is not set');
  // Read for every request, because kubelet replaces the token before it expires.
  const token = await readText(place.tokenFile);
  const ca = await readText(place.caFile);
  if (token === undefined || ca === undefined) return failure('no service account token is mounted');
  if (!/^[\x21-\x7e]+$/.test(token)) return failure('the service account token is not valid');
  const url = urlOf('https', place.host, place.port, path);
  if (url === undefined) return failure('the address of the API server is not valid');
  return ok({
    url,
    ca,
    headers: { authorization: `Bearer ${token}`, 'user-agent': `aws-secrets-injector/${VERSION}` },
  });
}

function urlOf(scheme: string, host: string, port: number, path: string): URL | undefined {
  const authority = host.includes(':') ? `[${host}]` : host;
  const text = `${scheme}://${authority}:${port}${path}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

type Sent = Pick<Request, 'url' | 'headers' | 'agent' | 'ca' | 'limits'>;

function exchange(to: Sent, question: ApiQuestion, signal: AbortSignal): Promise<Answer> {
  const sent = contentOf(question);
  return sendRequest({
    ...to,
    method: sent?.method ?? 'GET',
    headers: {
      ...to.headers,
      accept: question.accept,
      ...(sent === undefined ? {} : { 'content-type': sent.contentType }),
    },
    ...(sent === undefined ? {} : { body: sent.body }),
    signal,
  });
}

function read(answer: Answer, question: ApiQuestion): ApiAnswer {
  if (!answer.ok) return failed(describe(answer.code, question));
  // A request that creates an object has status 201.
  if (answer.status !== 200 && answer.status !== 201)
    return {
      kind: 'refused',
      status: answer.status,
      ...(question.explain === true ? { message: messageIn(answer.body) } : {}),
    };
  const at = Date.parse(answer.headers.date ?? '');
  try {
    return {
      kind: 'answer',
      json: question.plain === true ? answer.body.toString() : JSON.parse(answer.body.toString()),
      ...(Number.isNaN(at) ? {} : { at }),
    };
  } catch {
    return failed('the answer is not JSON');
  }
}

function contentOf({
  patch,
  create,
}: ApiQuestion):
  | { readonly method: 'PATCH' | 'POST'; readonly contentType: string; readonly body: string }
  | undefined {
  if (patch !== undefined) return { method: 'PATCH', ...patch };
  if (create === undefined) return undefined;
  return { method: 'POST', contentType: 'application/json', body: create };
}

/** Why kubectl proxy could not sign in or reach the API server, whose own errors are JSON. */
function proxyError({ status, headers, body }: Received): string | undefined {
  if (status < 500 || headers['content-type']?.startsWith('text/plain') !== true) return undefined;
  const [first = ''] = body.toString().split('\n');
  return `kubectl does not reach the API server: ${printable(first, 500)}`;
}

/** The message of a Status; empty if there is none. */
function messageIn(body: Buffer): string {
  try {
    return (textField(JSON.parse(body.toString()), 'message') ?? '').slice(0, MOST_MESSAGE);
  } catch {
    return '';
  }
}

function describe(code: string, { mostBytes }: ApiQuestion): string {
  switch (code) {
    case ABORTED:
      return 'the check took too long';
    case CONNECT_TIMEOUT:
      return 'no connection in time';
    case TIMEOUT:
      return 'no answer in time';
    case TOO_LARGE:
      return `the answer is larger than ${mostBytes / 1024} KiB`;
    case TRUNCATED:
      return 'the answer is incomplete';
    case UNREADABLE:
      return 'the connection failed';
    default:
      return code;
  }
}

async function readText(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim() || undefined;
}

function failed(what: string): ApiAnswer {
  return { kind: 'failed', what };
}

function lasting(what: string): ApiAnswer {
  return { kind: 'failed', what, lasting: true };
}
