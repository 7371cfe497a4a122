/** What kinds of code the webhook spends its time in. */
import type { CallFrame } from '../cpu-profile.ts';
import type { Frame } from './call-tree.ts';

export const KINDS = {
  decision: 'Decision (src/core)',
  server: 'Webhook (rest of src)',
  libraries: 'Libraries',
  http: 'TLS, HTTP, streams (Node.js)',
  node: 'Rest of Node.js',
  garbage: 'Garbage collector',
  program: 'Native code, no caller',
} as const;

export type Kind = keyof typeof KINDS;

const HTTP =
  /^node:(?:https?|net|tls|stream|_http_|_tls_|_stream_|internal\/(?:http|net|tls|streams|stream_base|js_stream))/;

/** @returns undefined for native code, which works for its caller */
export function kindOf({ functionName }: Pick<CallFrame, 'functionName'>, source: string): Kind | undefined {
  if (functionName === '(garbage collector)') return 'garbage';
  if (functionName === '(program)' || functionName === '(root)') return 'program';
  if (source.startsWith('src/core/')) return 'decision';
  if (source.startsWith('src/')) return 'server';
  if (source.startsWith('node:')) return HTTP.test(source) ? 'http' : 'node';
  return source === '' ? undefined : 'libraries';
}

/** The share of each kind in the time of the whole tree: what its functions did themselves. */
export function sharesOf(root: Frame): Readonly<Record<Kind, number>> {
  const shares = { decision: 0, server: 0, libraries: 0, http: 0, node: 0, garbage: 0, program: 0 };
  const add = ({ kind, self, children }: Frame): void => {
    shares[kind] += self / root.total;
    children.forEach(add);
  };
  add(root);
  return shares;
}
