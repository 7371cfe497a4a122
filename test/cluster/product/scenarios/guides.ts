/**
 * The guides for EKS on a cluster, from their own text: the manifests, the policies that the commands print, and the
 * commands of kubectl. Another webhook adds the identity as Amazon's does. The AWS fake has the secrets and the roles.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asArray, asObject, field, textField } from '../../../../src/core/json.ts';
import { kindOf } from '../../../guides/kinds.ts';
import { type Guide, ROOT, readGuide, type Step, updatePage, withOutputs } from '../../../guides/page.ts';
import { type Part, prepareFolder, walk } from '../../../guides/walk.ts';
import { BUSYBOX_IMAGE } from '../../images.ts';
import { type Neighbours, neighboursUnavailable, startNeighbours } from '../../neighbours/neighbour.ts';
import type { Behaviour } from '../../neighbours/registration.ts';
import { until } from '../../until.ts';
import { checksum } from '../pods.ts';
import { nativeCanary } from '../secrets.ts';
import type { Stage } from '../stage.ts';

const PUBLIC_IMAGE = 'public.ecr.aws/docker/library/busybox:1.37';

/** What the reader of a guide ends with. */
interface Trip {
  readonly page: string;
  readonly namespace: string;
  readonly deployment: string;
  readonly identity: Behaviour;
  readonly file: string;
  readonly variable: string;
  /** The key of the variable in the JSON secret. */
  readonly key: string;
}

const EKS: Trip = {
  page: 'docs/guides/eks.md',
  namespace: 'shop',
  deployment: 'web',
  identity: 'web-identity',
  file: 'db.json',
  variable: 'DB_PASSWORD',
  key: 'password',
};
const POD_IDENTITY: Trip = {
  page: 'docs/guides/pod-identity.md',
  namespace: 'orders',
  deployment: 'api',
  identity: 'pod-identity',
  file: 'api.json',
  variable: 'API_TOKEN',
  key: 'token',
};

export function guides(stage: () => Stage): void {
  const unavailable = neighboursUnavailable();
  if (unavailable !== undefined)
    process.stderr.write(`the tests of the guides are skipped: ${unavailable}\n`);
  describe.skipIf(unavailable !== undefined)('guides', () => {
    let folder: string;
    let variables: Readonly<Record<string, string>>;
    beforeAll(() => {
      const { facts } = stage().cluster;
      folder = path.join(facts.directory, 'guides');
      variables = {
        KUBECONFIG: facts.kubeconfig,
        KUBECACHEDIR: path.join(facts.directory, 'kubectl'),
        // The AWS CLI would read it from EKS.
        issuer: facts.issuer,
      };
    });

    let running: Neighbours | undefined;
    afterAll(async () => await running?.stop());

    async function follow(trip: Trip, associate: (guide: Guide, own: string) => Promise<string>) {
      const own = path.join(folder, trip.deployment);
      mkdirSync(own, { recursive: true });
      prepareFolder(own, { kubectl: `'${stage().cluster.facts.kubectl}'` });
      const guide = readGuide(trip.page);
      const start = guide.steps.findIndex((step) =>
        commandsIn(step).includes('kubectl apply -f deployment.yaml'),
      );
      expect(start).toBeGreaterThan(0);
      const parts = guide.steps.map(partOf);
      const prepared = await walk(own, parts.slice(0, start), variables);
      expect(prepared.status, prepared.stderr).toBe(0);

      const secret = putSecret(stage(), guide, trip);
      const role = await associate(guide, own);
      const neighbourFolder = path.join(own, 'neighbour');
      mkdirSync(neighbourFolder);
      running = await startNeighbours(stage().cluster, neighbourFolder, { roleArn: role });
      await running.register({
        name: 'pod-identity-webhook',
        program: 'current',
        path: trip.identity,
        namespace: trip.namespace,
      });
      const rest: readonly Part[] = [
        ...parts.slice(start),
        { name: 'in the text', lines: guide.inline.filter(isRun).filter(not(isRestart)) },
        { name: 'restarts', lines: restartsOf(guide) },
        { name: 'end', lines: [`kubectl -n ${trip.namespace} rollout status deployment ${trip.deployment}`] },
      ];
      const walked = await walk(own, rest, variables);
      if (walked.status !== 0) {
        const pods = await stage().kubectl(`--namespace=${trip.namespace}`, 'describe', 'pods');
        throw new Error(`${walked.stderr}\n${pods.slice(-5000)}`);
      }
      expectOutputs(guide, walked.outputs);
      await expectSecrets(stage(), trip, secret);
      return { own, outputs: walked.outputs };
    }

    it(EKS.page, { timeout: 600_000 }, async () => {
      const { own } = await follow(EKS, async (guide, folderOfGuide) => {
        const account = await stage().get(EKS.namespace, 'serviceaccount', 'web');
        const role = textField(field(account.metadata, 'annotations'), 'eks.amazonaws.com/role-arn') ?? '';
        const [statement] = asArray(field(readJson(folderOfGuide, 'trust.json'), 'Statement')) ?? [];
        const claims = asObject(field(field(statement, 'Condition'), 'StringEquals')) ?? {};
        const claim = (name: string): string =>
          String(Object.entries(claims).find(([key]) => key.endsWith(`:${name}`))?.[1]);
        expect(role).toMatch(/^arn:/);
        expect(guide.text).toContain(role);
        stage().aws.putRole({
          arn: role,
          subjects: [claim('sub')],
          audience: claim('aud'),
          allow: allowedIn(folderOfGuide),
        });
        return role;
      });
      await expectReasonOfRefusal(own);
      await running?.stop();
    });

    it(POD_IDENTITY.page, { timeout: 600_000 }, async () => {
      await stage().agent.listen();
      await follow(POD_IDENTITY, async (guide, folderOfGuide) => {
        const command =
          allCommands(guide).find((each) => each.includes('create-pod-identity-association')) ?? '';
        const flag = (name: string): string => new RegExp(`--${name} (\\S+)`).exec(command)?.[1] ?? '';
        const role = flag('role-arn');
        // The agent does not ask for the trust policy, so only its principal is compared here.
        const [statement] = asArray(field(readJson(folderOfGuide, 'trust.json'), 'Statement')) ?? [];
        expect(field(statement, 'Principal')).toEqual({ Service: 'pods.eks.amazonaws.com' });
        stage().aws.putRole({ arn: role, subjects: [], allow: allowedIn(folderOfGuide) });
        stage().agent.associate({
          namespace: flag('namespace'),
          serviceAccount: flag('service-account'),
          roleArn: role,
        });
        return role;
      });
    });

    it('docs/guides/roles.md', async () => {
      const own = path.join(folder, 'roles');
      mkdirSync(own, { recursive: true });
      prepareFolder(own, { kubectl: `'${stage().cluster.facts.kubectl}'` });
      const guide = readGuide('docs/guides/roles.md');
      const parts = guide.steps.map(partOf).filter(({ lines }) => lines.length > 0);
      const { status, stderr, outputs } = await walk(own, parts, variables);
      expect(status, stderr).toBe(0);
      expect([...outputs.values()].join('')).toContain('"jwks_uri"');
    });

    /** The commands of README.md and of the guide show why a Deployment creates no pods. */
    async function expectReasonOfRefusal(own: string): Promise<void> {
      const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
      const commands = allCommands(readGuide(EKS.page)).filter((command) =>
        /describe replicaset|ReplicaFailure/.test(command),
      );
      expect(commands).toHaveLength(2);
      for (const command of commands) expect(readme).toContain(command);
      const misspelled = 'sed "s|/file.db.json|/files.db.json|" deployment.yaml | kubectl apply -f -';
      const applied = await walk(own, [{ name: 'apply', lines: [misspelled] }], variables);
      expect(applied.status, applied.stderr).toBe(0);
      for (const command of commands)
        await until(`the reason in: ${command}`, { seconds: 60 }, async () => {
          const { outputs } = await walk(own, [{ name: 'reason', lines: [command] }], variables);
          return outputs.get('reason')?.includes('ANNOTATION_UNKNOWN') === true ? true : undefined;
        });
    }
  });
}

function commandsIn(step: Step): readonly string[] {
  return step.kind === 'commands' ? step.commands : [];
}

function allCommands({ steps, inline }: Guide): readonly string[] {
  return [...steps.flatMap(commandsIn), ...inline];
}

function restartsOf(guide: Guide): readonly string[] {
  return [...new Set(allCommands(guide).filter(isRestart))];
}

/** The AWS CLI has a test of its own, and so have the commands that connect it. */
function isRun(command: string): boolean {
  const kind = kindOf(command);
  return kind === 'cluster' || kind === 'injector' || /^(?:jq|cat) /.test(command);
}

/** A restart replaces the pods that the other commands look at, so it comes last. */
function isRestart(command: string): boolean {
  return command.includes(' rollout restart ');
}

function not(test: (command: string) => boolean): (command: string) => boolean {
  return (command) => !test(command);
}

function partOf(step: Step, index: number): Part {
  const name = `step ${index}`;
  if (step.kind === 'commands') return { name, lines: step.commands.filter(isRun).filter(not(isRestart)) };
  // The nodes pull no images.
  const text = step.text.replace(PUBLIC_IMAGE, `${BUSYBOX_IMAGE}\n          imagePullPolicy: Never`);
  return { name, lines: [`cat > ${step.name} <<'END OF FILE'`, text.trimEnd(), 'END OF FILE'] };
}

function readJson(folder: string, name: string): unknown {
  return JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
}

/** The resources in the permission policy that the command of the guide printed. */
function allowedIn(folder: string): readonly string[] {
  const [statement, ...others] = asArray(field(readJson(folder, 'permissions.json'), 'Statement')) ?? [];
  expect(others).toEqual([]);
  expect(field(statement, 'Action')).toBe('secretsmanager:GetSecretValue');
  return [field(statement, 'Resource')].flat().map(String);
}

/** The secret of the guide, with the ARN in its manifest. @returns its value */
function putSecret(stage: Stage, guide: Guide, { key }: Trip): Readonly<Record<string, string>> {
  const manifest = guide.steps.find((step) => step.kind === 'file' && step.name === 'deployment.yaml');
  const template = field(field(parse(manifest?.kind === 'file' ? manifest.text : ''), 'spec'), 'template');
  const annotations = asObject(field(field(template, 'metadata'), 'annotations')) ?? {};
  const [, arn] = Object.entries(annotations).find(([name]) => name.includes('/secret.')) ?? [];
  const value = { username: 'shop', [key]: nativeCanary('') };
  stage.aws.putSecret({ arn: String(arn), value: JSON.stringify(value) });
  return value;
}

async function expectSecrets(
  stage: Stage,
  { namespace, deployment, file, variable, key }: Trip,
  value: Readonly<Record<string, string>>,
): Promise<void> {
  const run = (script: string) =>
    stage.kubectl(
      `--namespace=${namespace}`,
      'exec',
      `deployment/${deployment}`,
      '--container=app',
      '--',
      'sh',
      '-c',
      script,
    );
  const sum = (text: string): string => text.slice(0, 64);
  expect(sum(await run(`sha256sum < /run/secrets/aws/${file}`))).toBe(checksum(JSON.stringify(value)));
  // In shell mode, only the process itself has the variable.
  const environment = `tr '\\0' '\\n' < /proc/1/environ | sed -n 's/^${variable}=//p' | tr -d '\\n' | sha256sum`;
  expect(sum(await run(environment))).toBe(checksum(value[key] ?? ''));
}

/** Compares what the guide shows after commands for Kubernetes, and with UPDATE_DOCS=1 writes it. */
function expectOutputs(guide: Guide, outputs: ReadonlyMap<string, string>): void {
  const printed = new Map(
    guide.steps.flatMap((step, index): (readonly [number, string])[] =>
      commandsIn(step).some((command) => kindOf(command) === 'cluster') &&
      step.kind === 'commands' &&
      step.output !== undefined
        ? [[index, outputs.get(`step ${index}`) ?? '']]
        : [],
    ),
  );
  expect(printed.size).toBe(2);
  const current = withOutputs(guide, printed);
  if (!updatePage(guide, current)) expect(comparable(guide.text)).toBe(comparable(current));
}

/** Without the time, and without the number of files: the probe of native variables is one, if the cluster needs it. */
function comparable(text: string): string {
  return text.replaceAll(/\b\d+ (ms|files)\b/g, 'N $1');
}
