/** Sends a review over TLS to the listener of this process. */
import type { Answer } from '../../runtime/answer.ts';
import { sendRequest } from '../../runtime/https-request.ts';
import { MUTATE_PATH } from '../review/mutate-path.ts';

/** The header with the uid of the review, because this client has no certificate. */
export const OWN_REVIEW_HEADER = 'x-own-review';

/** Much more than the answer to the own review. */
const MOST_BYTES = 1024 * 1024;

/** Sends one review on a connection of its own, so that it includes a new handshake. @param milliseconds the time limit */
export function sendReview(
  address: { readonly host: string; readonly port: number },
  { uid, body }: { readonly uid: string; readonly body: string },
  milliseconds: number,
): Promise<Answer> {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return sendRequest({
    url: new URL(`https://${host}:${address.port}${MUTATE_PATH}`),
    method: 'POST',
    headers: { 'content-type': 'application/json', [OWN_REVIEW_HEADER]: uid },
    body,
    // An agent would resume sessions, in which the server shows no certificate.
    agent: false,
    // The caller compares the certificate with the one in use, byte by byte, so no chain of trust is needed.
    comparesPeer: true,
    limits: { total: milliseconds, bytes: MOST_BYTES },
  });
}
