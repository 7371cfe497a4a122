/** Why the API server could not call a webhook, by its message. */

interface Row {
  readonly pattern: RegExp;
  readonly what: string;
  readonly next: string;
}

const ROWS: readonly Row[] = [
  {
    pattern: /x509/,
    what: 'the API server does not trust the certificate: caBundle of the registration does not match it',
    next: 'Check the log of the webhook, and certificates.source.',
  },
  {
    pattern: /no endpoints available|service ".*" not found/,
    what: 'no replica is ready',
    next: 'Check: kubectl get pods -A -l app.kubernetes.io/name=aws-secrets-injector',
  },
  {
    // The message contains the URL, with `?timeout=5s`.
    pattern: /deadline exceeded|(?:i\/o|handshake) timeout|timed out|timeout exceeded/i,
    what: 'no answer in time',
    next: 'A firewall or a security group may block port 8443 between the control plane and the nodes.',
  },
  {
    pattern: /refused|no route to host/,
    what: 'the control plane cannot reach the pods of the webhook',
    next: 'See the value hostNetwork in docs/reference/chart.md.',
  },
];

const OTHER = { what: 'the call failed', next: 'Check the log of the webhook.' };

/** @param message of the API server, after `failed calling webhook` */
export function explainFailedCall(message: string): Pick<Row, 'what' | 'next'> {
  return ROWS.find(({ pattern }) => pattern.test(message)) ?? OTHER;
}
