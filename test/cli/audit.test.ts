/** The audit command as a process: what it reads, prints and exits with. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/core/advice/audit/audit.ts';
import {
  ACCOUNT,
  allowRead,
  deployment,
  iamRole,
  listed,
  policy,
  roleArn,
  secretArn,
  serviceAccount,
  trustIn,
} from '../audit/inputs.ts';
import { runningPod } from '../audit/running-pod.ts';
import { bundleCli, runCli } from './program.ts';

const DB = secretArn('prod/db-AbCdEf');
const OTHER = secretArn('prod/other-GhIjKl');
const WEB = roleArn('web');

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-audit-'));
  write('web.json', { kind: 'List', items: [deployment('web', [DB]), serviceAccount('web', WEB)] });
  write('iam.json', { RoleDetailList: [iamRole(WEB, policy(trustIn('web')), [policy(allowRead(OTHER))])] });
  write('policies.json', []);
  write('secrets.json', { SecretList: [listed(DB), listed(OTHER)] });
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

function write(name: string, content: object | string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function at(name: string): string {
  return path.join(folder, name);
}

const ALL = () => [
  ...['-f', at('web.json'), '--iam', at('iam.json'), '--secrets', at('secrets.json')],
  ...['--resource-policies', at('policies.json')],
];

function audit(args: readonly string[], input = '') {
  return runCli(cli, ['audit', ...args], input);
}

async function reportOf(args: readonly string[], input = ''): Promise<AuditReport> {
  const { code, stdout, stderr } = await audit([...args, '--format', 'json', '--fail-on', 'never'], input);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as AuditReport;
}

const codesOf = ({ findings }: AuditReport) => findings.map(({ code }) => code);

describe('exit codes', () => {
  it('are 1 for errors, and by --fail-on for lower levels', async () => {
    expect(await audit(ALL())).toMatchObject({ code: 1, stderr: '' });
    const ignoring = [...ALL(), '--ignore', 'used-not-granted,secret-unreferenced'];
    expect(await audit(ignoring)).toMatchObject({ code: 0 });
    expect(await audit([...ignoring, '--fail-on', 'warning'])).toMatchObject({ code: 1 });
    expect((await audit(ignoring)).stdout).toContain('What --ignore leaves out: 2 findings.');
    expect(await audit([...ALL(), '--fail-on', 'never'])).toMatchObject({ code: 0 });
  });

  it('are 2 for flags and inputs that cannot be used, which are all named', async () => {
    write('broken.json', '{ "RoleDetailList": [');
    write('wrong.json', { SecretList: 'x' });
    const { code, stdout, stderr } = await audit([
      ...['-f', at('web.json'), '--iam', at('broken.json'), '--secrets', at('wrong.json')],
      ...['--resource-policies', at('missing.json')],
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`--iam: ${at('broken.json')}: is not valid JSON`);
    expect(stderr).toContain('--secrets: wrong.json: is not an answer');
    expect(stderr).toContain(`--resource-policies: ${at('missing.json')}: cannot be read (ENOENT)`);
    expect((await audit(['--ignore', 'no-such-code'])).code).toBe(2);
  });

  it('are 2 if a manifest cannot be read or a pod would be denied, and the rest is audited', async () => {
    write('more/a.yaml', 'a: [\n');
    write('more/b.json', deployment('denied', ['nonsense']));
    const { code, stdout, stderr } = await audit([...ALL(), '-f', at('more')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/a\.yaml:\d+:\d+: kubectl cannot read it/);
    expect(stderr).toContain('Deployment/shop/denied: ALIAS_UNKNOWN');
    expect(stdout).toContain('(used-not-granted)');
    expect(stdout).toContain('What could not be read: 2 files or pods were left out.');
    const sarif = (await audit([...ALL(), '-f', at('more'), '--format', 'sarif'])).stdout;
    expect(JSON.parse(sarif)).toMatchObject({ runs: [{ invocations: [{ executionSuccessful: false }] }] });
  });
});

describe('inputs', () => {
  it('without any, only the workloads are known, and the report says so', async () => {
    const report = await reportOf(['-f', at('web.json')]);
    expect(report.findings).toEqual([]);
    expect(report.limits.join('\n')).toMatch(/Roles: no IAM policies were given.*no listing of secrets/s);
  });

  it('reads policy documents that are named after roles, and what iam-policy prints', async () => {
    write('iam/web.json', policy(allowRead(DB)));
    write('iam/web.trust.json', policy(trustIn('web')));
    const files = ['-f', at('web.json'), '--iam', at('iam')];
    expect((await audit(files)).stderr).toContain('set --account to the account of the role');
    expect(codesOf(await reportOf([...files, '--account', ACCOUNT]))).toEqual([]);
    const printed = await runCli(cli, [
      ...['iam-policy', '-f', at('web.json'), '--trust', 'irsa', '--issuer', 'https://oidc.example/1'],
    ]);
    write('printed.json', printed.stdout);
    expect(codesOf(await reportOf(['-f', at('web.json'), '--iam', at('printed.json')]))).toEqual([]);
  });

  it('takes the role of --role, and the files of several accounts', async () => {
    write('pod.json', deployment('api', [DB]));
    const policies = ['--resource-policies', at('policies.json')];
    const args = ['-f', at('pod.json'), '--iam', at('iam.json'), ...policies];
    expect(codesOf(await reportOf(args))).toEqual(['role-unknown', 'role-unused']);
    const named = [
      ...args,
      '--role',
      `shop/api=${WEB}`,
      '--iam',
      write('other.json', { RoleDetailList: [] }),
    ];
    expect(codesOf(await reportOf(named))).toContain('used-not-granted');
  });

  it('reads the lists of kubectl: a workload counts once, and its pods have versions', async () => {
    const owner = { ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true }] };
    const set = { ...deployment('web-abc12', [DB]), kind: 'ReplicaSet' };
    const items = [
      deployment('web', [DB]),
      { ...set, metadata: { name: 'web-abc12', namespace: 'shop', ...owner } },
      runningPod('web', DB, '0'.repeat(32), 'registry.example/other:7'),
      // Its workload is not in the list.
      runningPod('rare', OTHER, '0'.repeat(32), 'registry.example/other:7'),
      serviceAccount('web', WEB),
    ];
    const report = await reportOf(['--secrets', at('secrets.json')], JSON.stringify({ kind: 'List', items }));
    expect(report.counts).toMatchObject({ workloads: 2, pods: 2 });
    const stale = report.findings.filter(({ code }) => code === 'version-stale');
    expect(stale.map(({ subject }) => subject)).toEqual(['Deployment/shop/rare', 'Deployment/shop/web']);
  });
});

describe('formats', () => {
  it('sarif is valid, with the line of the workload', async () => {
    write('two.yaml', `# first\n---\n${JSON.stringify(deployment('web', [DB]))}\n`);
    const files = [...ALL().slice(2), '-f', at('two.yaml'), '--role', `shop/web=${WEB}`];
    const { stdout } = await audit([...files, '--format', 'sarif']);
    const file = path.resolve(import.meta.dirname, '../schemas/sarif-schema-2.1.0.json');
    // Of draft 4, which differs from what Ajv reads only in the names of these two keywords.
    const {
      $schema: _,
      id: __,
      ...schema
    } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    const log: unknown = JSON.parse(stdout);
    expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
    const { runs } = log as { readonly runs: readonly [{ readonly results: readonly unknown[] }] };
    expect(runs[0].results[0]).toMatchObject({
      ruleId: 'used-not-granted',
      locations: [{ physicalLocation: { region: { startLine: 3, startColumn: 1 } } }],
    });
  });

  it('sarif has a place for everything about a role that a workload uses', async () => {
    const trust = policy({ ...trustIn('web'), Condition: {} });
    const role = iamRole(WEB, trust, [policy(allowRead('*'))]);
    write('iam.json', { RoleDetailList: [role] });
    const { stdout } = await audit([...ALL(), '--format', 'sarif']);
    const { runs } = JSON.parse(stdout) as {
      readonly runs: readonly [
        { readonly results: readonly { readonly ruleId: string; readonly locations: readonly object[] }[] },
      ];
    };
    const placed = runs[0].results.filter(({ locations }) => 'physicalLocation' in (locations[0] ?? {}));
    expect(placed.map(({ ruleId }) => ruleId)).toEqual([
      ...['trust-no-subject', 'granted-unused', 'trust-no-audience', 'wildcard-resource'],
    ]);
  });

  it('markdown has a section for each code, and no markup of others', async () => {
    const name = 'a|b`c<img src=x>@team';
    const role = iamRole(WEB, policy(trustIn('web')), [], {
      RolePolicyList: [{ PolicyName: name, PolicyDocument: policy({ ...allowRead('*'), Sid: '<b>|x' }) }],
    });
    write('iam.json', { RoleDetailList: [role] });
    const { stdout } = await audit([...ALL(), '--format', 'markdown']);
    expect(stdout).toContain('## warning: wildcard-resource\n');
    expect(stdout).toContain('| `` web/a\\|b`c<img src=x>@team `` | statement \\<b\\>\\|x allows');
  });

  it('html contains everything that it needs, and text of others only as data', async () => {
    const evil = '</script><img src=x onerror=alert(1)>';
    const role = iamRole(WEB, policy(trustIn('web')), [], {
      RolePolicyList: [{ PolicyName: evil, PolicyDocument: policy(allowRead('*')) }],
    });
    write('iam.json', { RoleDetailList: [role] });
    const { stdout } = await audit([...ALL(), '--format', 'html']);
    expect(stdout).not.toContain(evil);
    expect(stdout).toContain('\\u003c/script>\\u003cimg');
    expect(stdout).not.toMatch(/(?:src|href)="|@import|url\(/);
    expect(stdout.match(/<script/g)).toHaveLength(2);
  });
});
