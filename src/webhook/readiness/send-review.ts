/** Sends a review over TLS to this process's own listener. */
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { MUTATE_PATH } from '../review/mutate-path.ts';

export interface OwnAnswer {
  readonly status: number;
  readonly text: string;
  /** The certificate that the listener showed, in DER. */
  readonly peer: Buffer;
}

/**
 * Sends one review on a connection of its own: what counts is a handshake as it would go now.
 * @param milliseconds after which the promise rejects
 */
export function sendReview(
  address: { readonly host: string; readonly port: number },
  body: string,
  milliseconds: number,
): Promise<OwnAnswer> {
  return new Promise((resolve, reject) => {
    const request = https.request({
      ...address,
      path: MUTATE_PATH,
      method: 'POST',
      // An agent would resume sessions, in which no certificate is shown.
      agent: false,
      // The certificate is compared with the one in use, byte by byte, so a chain of trust adds nothing.
      rejectUnauthorized: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(milliseconds),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const peer = (response.socket as TLSSocket).getPeerCertificate().raw;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), peer });
      });
    });
    request.end(body);
  });
}
