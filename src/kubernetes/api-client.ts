/**
 * Questions to the API server, as the pod's own service account and in the background only. Every question has its
 * limits in time and size, so that an API server that hangs or floods costs a verdict and nothing else.
 */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Environment } from '../runtime/settings/settings.ts';
import { VERSION } from '../runtime/version.ts';

/** Where the API server is, and who asks. */
export interface ClusterPlace {
  readonly host: string | undefined;
  readonly port: number;
  readonly tokenFile: string;
  readonly caFile: string;
}

export interface ApiLimits {
  /** Until the TLS handshake is done. */
  readonly connectMilliseconds: number;
  /** From the beginning to the end of the answer. */
  readonly requestMilliseconds: number;
}

export interface ApiQuestion {
  readonly path: string;
  readonly accept: string;
  readonly mostBytes: number;
}

export type ApiAnswer =
  | { readonly kind: 'answer'; readonly json: unknown }
  | { readonly kind: 'refused'; readonly status: number }
  /** `what` never holds text of the answer. `lasting`: asking again in a moment would be no use. */
  | { readonly kind: 'failed'; readonly what: string; readonly lasting?: boolean };

export interface ClusterApi {
  /** Asks once. Never rejects. */
  ask(question: ApiQuestion, signal: AbortSignal): Promise<ApiAnswer>;
}

export const DEFAULT_API_LIMITS: ApiLimits = { connectMilliseconds: 3_000, requestMilliseconds: 5_000 };

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Where Kubernetes tells every pod that its API server is. */
export function placeOf(env: Environment): ClusterPlace {
  return {
    host: env['KUBERNETES_SERVICE_HOST'] || undefined,
    port: Number(env['KUBERNETES_SERVICE_PORT'] || 443),
    tokenFile: `${ACCOUNT}/token`,
    caFile: `${ACCOUNT}/ca.crt`,
  };
}

/** Makes the client. It keeps no connection: questions are minutes apart. */
export function makeClusterApi(place: ClusterPlace, limits: ApiLimits = DEFAULT_API_LIMITS): ClusterApi {
  return {
    async ask(question, signal) {
      if (place.host === undefined) return lasting('KUBERNETES_SERVICE_HOST is not set');
      // Read anew each time: kubelet replaces the token long before it expires.
      const token = await readText(place.tokenFile);
      const ca = await readText(place.caFile);
      if (token === undefined || ca === undefined) return lasting('no service account token is mounted');
      if (!/^[\x21-\x7e]+$/.test(token)) return lasting('the service account token is not readable');
      try {
        return await send(place.host, place.port, { token, ca, question, signal, limits });
      } catch {
        return lasting('the address of the API server cannot be used');
      }
    },
  };
}

interface Sending {
  readonly token: string;
  readonly ca: string;
  readonly question: ApiQuestion;
  readonly signal: AbortSignal;
  readonly limits: ApiLimits;
}

function send(host: string, port: number, sending: Sending): Promise<ApiAnswer> {
  const { token, ca, question, signal, limits } = sending;
  return new Promise((resolve) => {
    const request = https.request({
      host,
      port,
      path: question.path,
      ca,
      // A connection of its own, which is closed with the answer.
      agent: false,
      headers: {
        accept: question.accept,
        authorization: `Bearer ${token}`,
        'user-agent': `aws-secrets-injector/${VERSION}`,
      },
    });
    const end = (answer: ApiAnswer): void => {
      clearTimeout(connecting);
      clearTimeout(answering);
      signal.removeEventListener('abort', stop);
      resolve(answer);
      request.destroy();
    };
    const stop = (): void => end(failed('the check took too long'));
    const connecting = setTimeout(() => end(failed('no connection in time')), limits.connectMilliseconds);
    const answering = setTimeout(() => end(failed('no answer in time')), limits.requestMilliseconds);
    signal.addEventListener('abort', stop);
    request.on('socket', (socket) => socket.once('secureConnect', () => clearTimeout(connecting)));
    request.on('error', (error) => end(failed(codeOf(error))));
    request.on('response', (response) => {
      if (response.statusCode !== 200) return end({ kind: 'refused', status: response.statusCode ?? 0 });
      receive(response, question.mostBytes, end);
    });
    if (signal.aborted) stop();
    else request.end();
  });
}

function receive(response: IncomingMessage, mostBytes: number, end: (answer: ApiAnswer) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > mostBytes) end(failed(`the answer is larger than ${mostBytes / 1024} KiB`));
  });
  response.on('error', (error) => end(failed(codeOf(error))));
  response.on('end', () => {
    if (bytes > mostBytes) return;
    try {
      end({ kind: 'answer', json: JSON.parse(Buffer.concat(chunks).toString()) });
    } catch {
      end(failed('the answer is not JSON'));
    }
  });
}

async function readText(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim() || undefined;
}

/** The system's or TLS' code of an error, never its message. */
function codeOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'the connection failed';
}

function failed(what: string): ApiAnswer {
  return { kind: 'failed', what };
}

function lasting(what: string): ApiAnswer {
  return { kind: 'failed', what, lasting: true };
}
