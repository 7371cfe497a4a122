/** Runs tiers one after the other and adds up what each counted. A tier that cannot run counts as skipped, and says why. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const FAST = ['static', 'unit', 'golden', 'property', 'server', 'aws', 'cli', 'kubectl', 'readers'];
const ALL = [...FAST, 'helm', 'monitoring', 'attack', 'image', 'cluster', 'eks'];
/** Tiers that run only when they are selected. */
const LONG = ['long', 'release'];

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Each with the start of its message: the output of the tier may be far above the last line. */
  readonly failures: readonly string[];
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

function main(argv: readonly string[]): number {
  const args = [...argv];
  const at = args.indexOf('--kubernetes');
  if (at >= 0) process.env['KUBERNETES_VERSION'] = args.splice(at, 2)[1] ?? '';
  const known = ['fast', ...ALL, ...LONG];
  const unknown = args.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`no tier is called ${unknown.join(', ')}; there are ${known.join(', ')}\n`);
    return 2;
  }
  const tiers = args.length === 0 ? ALL : args.flatMap((name) => (name === 'fast' ? FAST : [name]));
  const counts = tiers.map((tier) => {
    process.stdout.write(`\n== ${tier}\n`);
    const started = performance.now();
    const count = tier === 'static' ? runStatic() : runVitest(tier);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(`== ${tier}: ${describe(count)} in ${seconds} s\n`);
    return count;
  });
  const sum = counts.reduce((a, b) => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
  }));
  const left = [...ALL, ...LONG].filter((tier) => !tiers.includes(tier));
  if (left.length > 0) process.stdout.write(`\nnot selected: ${left.join(', ')}\n`);
  for (const failure of sum.failures) process.stdout.write(`\nFAIL ${failure}\n`);
  process.stdout.write(`\n${describe(sum)}\n`);
  return sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}

function describe(count: Count): string {
  return `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
}

/** Types, lint and the project's own checks: each counts as one. */
function runStatic(): Count {
  const commands = [
    ['tsc', '-p', 'tsconfig.json'],
    ['tsc', '-p', 'src/core/tsconfig.json'],
    ['tsc', '-p', 'src/cli/audit/page/tsconfig.json'],
    ['biome', 'check', '.'],
    ['node', 'scripts/check.ts'],
  ];
  const failures: string[] = [];
  for (const [program = '', ...args] of commands) {
    const { status } = spawnSync(program, args, { stdio: 'inherit' });
    const name = `${program} ${args.join(' ')}`;
    if (status !== 0) failures.push(`static: ${name}`);
    process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}\n`);
  }
  return { passed: commands.length - failures.length, failed: failures.length, skipped: 0, failures };
}

function runVitest(tier: string): Count {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-test-'));
  const report = path.join(folder, 'report.json');
  try {
    const args = [
      'run',
      '--project',
      tier,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    const { status } = spawnSync('vitest', args, { stdio: 'inherit' });
    const json = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
    const failures = failuresOf(tier, json);
    // A file that fails to load runs no test, and an error may belong to none: neither must count as none failed.
    const isBroken = json.numFailedTests === 0 && (status !== 0 || !json.success);
    if (isBroken && failures.length === 0) failures.push(`${tier}: an error outside its tests`);
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests + (isBroken ? 1 : 0),
      skipped: json.numPendingTests + json.numTodoTests,
      failures,
    };
  } catch {
    const failure = `${tier}: ended without a report`;
    return { passed: 0, failed: 1, skipped: 0, failures: [failure] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function failuresOf(tier: string, { testResults }: VitestReport): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = path.relative(process.cwd(), name);
    const failed = assertionResults.filter((one) => one.status === 'failed');
    // The message of a file that fails to load.
    const whole = status === 'failed' && failed.length === 0 ? [`${tier}: ${file}: ${startOf(message)}`] : [];
    return [
      ...whole,
      ...failed.map((one) => `${tier}: ${file}: ${one.fullName}: ${startOf(one.failureMessages.join(' '))}`),
    ];
  });
}

function startOf(message: string): string {
  const [text = ''] = message.split('\n    at ', 1);
  return text.slice(0, 1_000).trim();
}

process.exitCode = main(process.argv.slice(2));
