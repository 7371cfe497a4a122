/**
 * The commands of the guides, from their own text: the real AWS CLI against moto, and the CLI of the project. What the
 * guides show as output is what the commands print; UPDATE_DOCS=1 writes it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CA_BUNDLE_VARIABLE } from '../../src/core/names/network-variables.ts';
import { kindOf, NOT_RUN } from '../guides/kinds.ts';
import { type Guide, readGuide, updatePage, withOutputs } from '../guides/page.ts';
import { type Part, prepareFolder, walk } from '../guides/walk.ts';
import { awsCommand, findAwsCli } from './aws-cli.ts';
import { findMoto } from './moto-files.ts';
import { type MotoServer, startMoto } from './moto-server.ts';

const ACCOUNT = '111122223333';
/** Guides that a reader follows from the first command to the last one. */
const WALKS = [
  'docs/guides/eks.md',
  'docs/guides/pod-identity.md',
  'docs/guides/least-privilege.md',
  'docs/guides/audit.md',
];
const PAGES = [...WALKS, 'docs/guides/roles.md', 'docs/reference/iam-policy.md'];

const SHOWN_ARN = /arn:aws:secretsmanager:[\w:/-]+-AbCdEf/;
const SHOWN_ISSUER = 'oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE';

describe('every command', () => {
  it.each(PAGES)('of %s is tested, or listed with a reason', (page) => {
    const { steps, inline } = readGuide(page);
    const commands = [...steps.flatMap((step) => (step.kind === 'commands' ? step.commands : [])), ...inline];
    expect(commands).not.toEqual([]);
    for (const command of commands) kindOf(command);
  });

  it('that is listed is in a page', () => {
    const texts = PAGES.map((page) => readGuide(page).text);
    for (const command of Object.keys(NOT_RUN))
      expect(
        texts.some((text) => text.includes(command)),
        command,
      ).toBe(true);
  });
});

const [moto, cli] = [await findMoto(), await findAwsCli()];
const jq = spawnSync('jq', ['--version']).status === 0 ? undefined : 'jq is not installed';
const unavailable = [moto, cli, jq].find((reason) => typeof reason === 'string');
if (typeof unavailable === 'string') console.log(`the commands of the guides are skipped: ${unavailable}`);

describe.skipIf(unavailable !== undefined)(
  'the guides against moto',
  () => {
    let server: MotoServer;
    let folder: string;
    let variables: Readonly<Record<string, string>>;

    beforeAll(async () => {
      if (typeof moto === 'string' || typeof cli === 'string') return;
      server = await startMoto(moto, ACCOUNT);
      tls.setDefaultCACertificates([server.caPem]);
      folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-guides-'));
      const ca = path.join(folder, 'ca.pem');
      writeFileSync(ca, server.caPem);
      variables = {
        AWS_ENDPOINT_URL: server.url,
        AWS_CA_BUNDLE: ca,
        [CA_BUNDLE_VARIABLE]: server.caPem,
        AWS_ACCESS_KEY_ID: 'owner',
        AWS_SECRET_ACCESS_KEY: 'owner',
        AWS_DEFAULT_REGION: 'eu-west-1',
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        AWS_PAGER: '',
      };
    });
    /** A folder without the files of another guide. */
    function newFolder(page: string): string {
      const own = path.join(folder, path.basename(page, '.md'));
      if (typeof cli !== 'string') prepareFolder(own, { aws: awsCommand(cli) });
      return own;
    }
    beforeEach(async () => {
      const { status } = await fetch(`${server.url}/moto-api/reset`, { method: 'POST' });
      expect(status).toBe(200);
    });
    afterAll(async () => {
      await server?.stop();
      if (folder !== undefined) rmSync(folder, { recursive: true });
    });

    it.each(WALKS)('%s', async (page) => {
      const guide = readGuide(page);
      const { outputs, status, stderr } = await walk(
        newFolder(page),
        [CLUSTER, ...partsOf(guide)],
        variables,
      );
      expect(status, stderr).toBe(0);
      expectOutputs(guide, outputs);
    });

    it('docs/guides/roles.md', async () => {
      const guide = readGuide('docs/guides/roles.md');
      const { status, stderr } = await walk(newFolder(guide.page), partsOf(guide), variables);
      expect(status, stderr).toBe(0);
    });
  },
  300_000,
);

/** The cluster of the guides exists in EKS. */
const CLUSTER: Part = {
  name: 'the cluster',
  lines: [
    `aws eks create-cluster --name prod --role-arn arn:aws:iam::${ACCOUNT}:role/eks --resources-vpc-config subnetIds=subnet-1,subnet-2`,
  ],
};

/** What runs here: files as the reader saves them, and all commands but those for Kubernetes. */
function partsOf({ steps, inline }: Guide): readonly Part[] {
  const parts = steps.map((step, index): Part => {
    const name = `step ${index}`;
    if (step.kind === 'file') return { name, lines: saveLines(step.name, step.text) };
    return { name, lines: step.commands.flatMap(linesOf) };
  });
  return [...parts, { name: 'in the text', lines: inline.flatMap(linesOf) }];
}

function linesOf(command: string): readonly string[] {
  switch (kindOf(command)) {
    case 'aws':
    case 'injector':
    case 'shell':
      return [command];
    case 'model':
      return [`${command} --generate-cli-skeleton output > skeleton.txt`];
    // The other tiers test these.
    case 'setting':
    case 'cluster':
    case 'nowhere':
      return [];
  }
}

/** Saves a file, with the ARN of the secret that the reader has created. */
function saveLines(name: string, text: string): readonly string[] {
  const shown = SHOWN_ARN.exec(text)?.[0];
  const lines = [`cat > ${name} <<'END OF FILE'`, text.trimEnd(), 'END OF FILE'];
  if (shown === undefined) return lines;
  return [
    ...lines,
    "created=$(aws secretsmanager list-secrets --query 'SecretList[0].ARN' --output text)",
    `sed -i "s|${shown}|$created|" ${name}`,
  ];
}

/** Compares what the guide shows, and with UPDATE_DOCS=1 writes it. */
function expectOutputs(guide: Guide, outputs: ReadonlyMap<string, string>): void {
  const printed = guide.steps.flatMap((step, index): (readonly [number, string])[] =>
    step.kind === 'commands' &&
    step.output !== undefined &&
    !step.commands.some((command) => kindOf(command) === 'cluster')
      ? [[index, asShown(outputs.get(`step ${index}`) ?? '')]]
      : [],
  );
  expect(printed).not.toEqual([]);
  const current = withOutputs(guide, new Map(printed));
  if (!updatePage(guide, current)) expect(guide.text).toBe(current);
}

/** With the suffix and the issuer that the guides show. */
function asShown(output: string): string {
  return output
    .replaceAll(/(arn:aws:secretsmanager:[\w:/-]+)-\w{6}\b/g, '$1-AbCdEf')
    .replaceAll(/oidc\.eks\.eu-west-1\.amazonaws\.com\/id\/\w+/g, SHOWN_ISSUER);
}
