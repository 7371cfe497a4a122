/** Workloads with the YAML form and native variables, rendered as a process does. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bundleCli, runCli } from './program.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
let cli: string;
beforeAll(async () => {
  cli = await bundleCli();
});
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

interface Workload {
  readonly spec: { readonly template: { readonly metadata: Metadata; readonly spec: PodSpec } };
}
interface Metadata {
  readonly annotations: Readonly<Record<string, string>>;
}
interface PodSpec {
  readonly initContainers?: readonly { readonly name: string }[];
  readonly containers: readonly {
    readonly command?: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  }[];
}

const deployment = (scalar: string, container = '{name: app, image: app}', namespace = 'shop') =>
  `# A comment.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ${namespace}}
spec:
  template:
    metadata:
      annotations:
        secrets-injector.dev/secrets: ${scalar}
        other: 'kept'   # as it is
    spec:
      containers:
        - ${container}
`;

const FORM = `- secret: ${ARN}   # which
  env: {A: a}

  files:
    app.ini:
      template: |
        a = {{ a | json }}

        b = "{{ b | raw }}" \\ $(x)  
`;
const indented = (text: string) => text.replace(/^(?=.)/gm, ' '.repeat(10)).trimEnd();
const SCALARS: Readonly<Record<string, string>> = {
  'a literal block': `|\n${indented(FORM)}`,
  'a literal block that keeps its end': `|+\n${indented(FORM)}\n\n`.replace(/\n$/, ''),
  'a literal block that is stripped': `|-\n${indented(FORM)}`,
  'a literal block with an indentation of its own': `|2\n${indented(FORM)}`,
  'a folded block': `>\n${indented(FORM).replaceAll('\n', '\n\n')}`,
  'a quoted line': JSON.stringify(FORM),
};

async function render(
  source: string,
  ...flags: readonly string[]
): Promise<{ text: string; workload: Workload }> {
  const { code, stdout, stderr } = await runCli(cli, ['render', ...flags], source);
  expect([code, stderr]).toEqual([0, '']);
  return { text: stdout, workload: parse(stdout) as Workload };
}

describe('the annotation keeps every line', () => {
  it.each(Object.entries(SCALARS))('%s', async (_name, scalar) => {
    const source = deployment(scalar);
    const { text, workload } = await render(source, '--native-variables', 'on');
    const lines = text.split('\n');
    let from = 0;
    for (const line of source.split('\n').slice(0, -1)) {
      // The container is in flow style: the injection adds to its line.
      if (line.includes('{name: app')) continue;
      const found = lines.indexOf(line, from);
      expect(found, JSON.stringify(line)).toBeGreaterThanOrEqual(from);
      from = found + 1;
    }
    const annotationOf = (one: unknown) => (one as Workload).spec.template.metadata.annotations;
    expect(annotationOf(workload)).toEqual(annotationOf(parse(source)));
    expect(workload.spec.template.spec.initContainers?.map((one) => one.name)).toEqual(['aws-secrets-fetch']);
    const again = await render(text, '--native-variables', 'on');
    expect(again.text).toBe(text);
  });
});

describe('how variables travel', () => {
  const SOURCE = deployment(
    SCALARS['a literal block'] ?? '',
    '{name: app, command: [sh, -c, run], env: [{name: OWN, value: "$(A)"}]}',
  );
  const A = { name: 'A', valueFrom: { fileKeyRef: { volumeName: 'aws-secrets', path: 'env', key: 'A' } } };
  const OWN = { name: 'OWN', value: '$(A)' };
  const containerOf = ({ workload }: { workload: Workload }) => workload.spec.template.spec.containers[0];

  it('natively, in front of the container’s own, where the cluster can', async () => {
    const container = containerOf(await render(SOURCE, '--native-variables', 'on'));
    expect(container).toMatchObject({ env: [A, OWN], command: ['sh', '-c', 'run'] });
  });

  it('by a shell where it cannot', async () => {
    const container = containerOf(await render(SOURCE, '--native-variables', 'off'));
    expect(container).toMatchObject({ env: [OWN] });
    expect(container?.command?.slice(-3)).toEqual(['sh', '-c', 'run']);
    expect(container?.command).toHaveLength(7);
  });

  it('as the operator says for one namespace, and otherwise for the others', async () => {
    const flags = [
      '--native-variables',
      'on',
      '--namespace-env-mode',
      'shop=file',
      '--namespace-env-mode',
      'web=shell',
    ];
    const lengths = [];
    for (const namespace of ['shop', 'web', 'other']) {
      const one = containerOf(
        await render(SOURCE.replace('namespace: shop', `namespace: ${namespace}`), ...flags),
      );
      lengths.push([namespace, one?.command?.length, one?.env?.length]);
    }
    expect(lengths).toEqual([
      ['shop', 3, 1],
      ['web', 7, 1],
      ['other', 3, 2],
    ]);
  });

  it('refused by name and cause where native ones are asked for and cannot be had', async () => {
    const asking = SOURCE.replace("other: 'kept'", 'secrets-injector.dev/env-mode: native');
    for (const [flags, cause] of [
      [[], 'no cluster was checked'],
      [['--native-variables', 'off'], 'the operator turned native variables off'],
    ] as const) {
      const { code, stdout, stderr } = await runCli(cli, ['render', ...flags], asking);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(
        'Deployment/shop/web: ENV_MODE_NATIVE_UNAVAILABLE secrets-injector.dev/env-mode: ',
      );
      expect(stderr).toContain(cause);
    }
  });
});

it('names the place of a mistake inside the form', async () => {
  const { code, stdout, stderr } = await runCli(
    cli,
    ['render'],
    deployment(`|\n          - secret: ${ARN}\n            envv: {A: a}`),
  );
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('SECRETS_ENTRY_INVALID secrets-injector.dev/secrets[0]');
  expect(stderr).toContain('did you mean env?');
});
