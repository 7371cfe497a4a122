/** The webhook accepts every YAML block that requests secrets as written, without a warning. */
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { decideInjection } from '../../../src/core/inject.ts';
import { asObject, field } from '../../../src/core/json.ts';
import { PREFIX } from '../../../src/core/names/prefix.ts';
import { readPage } from './page.ts';

const PAGES = [
  'README.md',
  'docs/reference/annotations.md',
  'docs/guides/env-modes.md',
  'docs/reference/values.md',
  'docs/guides/operations.md',
  'docs/guides/other-webhooks.md',
  'docs/reference/formats.md',
  'docs/guides/roles.md',
  'docs/guides/eks.md',
  'docs/guides/pod-identity.md',
  'docs/guides/rotation-database.md',
  'docs/guides/rotation.md',
];

const BLOCKS = PAGES.flatMap((page) =>
  [...readPage(page).matchAll(/```yaml\n(.*?)```/gs)].map((match) => ({ page, text: match[1] ?? '' })),
).filter(({ text }) => text.includes(PREFIX));

/** A pod, a workload, `metadata` alone, or annotations alone. */
function podOf(block: unknown): object {
  const spec = {
    containers: ['app', 'proxy'].map((name) => ({
      name,
      image: `shop/${name}:1`,
      command: ['sh', '-c', 'run'],
    })),
  };
  const pod = field(field(block, 'spec'), 'template') ?? block;
  const annotations = field(field(pod, 'metadata'), 'annotations') ?? pod;
  return { metadata: { annotations }, spec: field(pod, 'spec') ?? spec };
}

it('finds them', () => {
  expect(new Set(BLOCKS.map(({ page }) => page))).toEqual(
    new Set([
      'README.md',
      'docs/reference/annotations.md',
      'docs/guides/env-modes.md',
      'docs/guides/roles.md',
      'docs/guides/eks.md',
      'docs/guides/pod-identity.md',
      'docs/guides/rotation-database.md',
      'docs/guides/rotation.md',
    ]),
  );
});

it.each(BLOCKS)('$page: $text', ({ text }) => {
  const block: unknown = parse(text);
  expect(asObject(block)).toBeDefined();
  const settings = {
    image: 'registry.example/aws-secrets-injector:1',
    native: { can: true, probe: false } as const,
    sidecars: { can: true } as const,
  };
  expect(decideInjection(podOf(block), { namespace: 'shop' }, settings)).toMatchObject({
    kind: 'injected',
    warnings: [],
  });
});
