/** docs/guides/env-modes.md describes `auto` and composed variables as the webhook decides them. */
import jsonpatch from 'fast-json-patch';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { decideInjection } from '../../../src/core/inject.ts';
import { PREFIX } from '../../../src/core/names/prefix.ts';
import type { InjectionSettings, NativeSupport } from '../../../src/core/settings.ts';
import { ALIASES } from './example-pod.ts';
import { expectParts, readPage, table } from './page.ts';

const settings = (native: NativeSupport): InjectionSettings => ({
  image: 'registry.example/aws-secrets-injector:1.2.3',
  native,
});
const CAN: NativeSupport = { can: true, probe: false };
const CANNOT: NativeSupport = { can: false, why: 'the cluster is too old' };

const COMMANDS: Readonly<Record<string, readonly string[] | undefined>> = {
  'a shell (`sh`, `bash`, `dash`, `ash`)': ['/bin/sh', '-c', 'run'],
  'another program': ['/app/server'],
  'not set': undefined,
};
const NAMED = { 'env.DB_USER': 'db:username' };
const SPREAD = { 'env-from.db': 'db' };

interface Container {
  readonly env?: readonly { readonly name: string; readonly valueFrom?: { readonly fileKeyRef?: unknown } }[];
  readonly command?: readonly string[];
}
interface Pod {
  readonly spec: { readonly containers: readonly Container[] };
}

/** The decision for the only container of a pod. */
function decided(
  command: readonly string[] | undefined,
  asked: Readonly<Record<string, string>>,
  native: NativeSupport,
): string {
  const annotations = Object.entries({ ...ALIASES, ...asked }).map(([key, text]) => [
    `${PREFIX}${key}`,
    text,
  ]);
  const app = { name: 'app', image: 'shop/app:1', ...(command === undefined ? {} : { command }) };
  const pod = {
    metadata: { name: 'web', annotations: Object.fromEntries(annotations) },
    spec: { containers: [app] },
  };
  const after = injected(pod, native);
  if (typeof after === 'string') return `rejected: \`${after}\``;
  const [container] = after.spec.containers;
  if (container?.env?.some((entry) => entry.valueFrom?.fileKeyRef !== undefined) === true) return '`native`';
  return (container?.command?.length ?? 0) > (command?.length ?? 0) ? '`shell`' : '`file`';
}

/** The pod with the patch, or the code of the refusal. */
function injected(pod: object, native: NativeSupport): Pod | string {
  const outcome = decideInjection(pod, { namespace: 'shop' }, settings(native));
  if (outcome.kind === 'denied') return outcome.problems[0].code;
  if (outcome.kind !== 'injected') throw new Error(outcome.kind);
  const patch = structuredClone(outcome.patch) as jsonpatch.Operation[];
  return jsonpatch.applyPatch(structuredClone(pod) as Pod, patch).newDocument;
}

it('docs/guides/env-modes.md shows what auto selects', () => {
  expectParts('docs/guides/env-modes.md', {
    auto: table(
      [
        '`command` of the container',
        'native variables are available',
        'available, but `env-from`, or `envFrom` without `include`',
        'native variables are unavailable',
      ],
      Object.entries(COMMANDS).map(([words, command]) => [
        words,
        decided(command, NAMED, CAN),
        decided(command, SPREAD, CAN),
        decided(command, NAMED, CANNOT),
      ]),
    ),
  });
});

it('in the example of docs/guides/env-modes.md, composed variables follow native variables', () => {
  const [, example = ''] = /```yaml\n(apiVersion.*?)```/s.exec(readPage('docs/guides/env-modes.md')) ?? [];
  const after = injected(parse(example), CAN);
  expect(after).toMatchObject({
    spec: { containers: [{ env: [{ name: 'DB_PASSWORD' }, { name: 'DB_USER' }, { name: 'DB_URL' }] }] },
  });
});
