import { rmSync } from 'node:fs';
import path from 'node:path';
import jsonpatch, { type Operation } from 'fast-json-patch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderText } from '../../src/cli/manifests/render-text.ts';
import { decideInjection } from '../../src/core/inject.ts';
import { formatProblem } from '../../src/core/problems/problems.ts';
import { goldenCases } from '../golden/cases.ts';
import { bundleCli, runCli } from './program.ts';

let cli: string;
beforeAll(async () => {
  cli = await bundleCli();
});
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

describe.each(goldenCases())('golden case $name through render', (one) => {
  it('comes out as the core decides, and rendering it again changes nothing', () => {
    const rendered = renderText(one.podText, one.namespace, one.settings);
    if (!rendered.ok) throw new Error(rendered.problem.wrong);
    const { text, objects } = rendered.value;
    const outcome = decideInjection(one.pod, { namespace: one.namespace }, one.settings);
    expect(objects[0]?.outcome).toEqual(outcome);
    const operations = outcome.kind === 'injected' ? structuredClone([...outcome.patch] as Operation[]) : [];
    const patched = jsonpatch.applyPatch(structuredClone(one.pod), operations, true).newDocument;
    expect(parse(text, { maxAliasCount: -1 })).toEqual(patched);
    if (outcome.kind !== 'injected') expect(text).toBe(one.podText);
    const again = renderText(text, one.namespace, one.settings);
    expect(again).toMatchObject({ ok: true, value: { text } });
  });
});

// A process for every case would take a minute: these show that the process says what the function says.
const SOME = [
  'lists-full',
  'env-shell-auto',
  'references-malformed',
  'unchanged-no-annotations',
  'options-invalid',
];

it.each(goldenCases().filter((one) => SOME.includes(one.name)))('$name as a process', async (one) => {
  const args = [
    'render',
    '-f',
    path.join(one.folder, 'pod.yaml'),
    '--namespace',
    one.namespace,
    '--image',
    one.settings.image,
  ];
  const { code, stdout, stderr } = await runCli(cli, args);
  const outcome = decideInjection(one.pod, { namespace: one.namespace }, one.settings);
  if (outcome.kind === 'denied') {
    expect([code, stdout]).toEqual([1, '']);
    for (const problem of outcome.problems) expect(stderr).toContain(formatProblem(problem));
  } else {
    expect([code, stderr]).toEqual([0, '']);
    const patch = await runCli(cli, [...args, '--patch']);
    const operations = outcome.kind === 'injected' ? outcome.patch : [];
    expect(JSON.parse(patch.stdout)).toMatchObject([{ outcome: outcome.kind, operations }]);
  }
});
