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
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numFailedTestSuites: number;
  readonly success: boolean;
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
  }));
  const left = [...ALL, ...LONG].filter((tier) => !tiers.includes(tier));
  if (left.length > 0) process.stdout.write(`\nnot selected: ${left.join(', ')}\n`);
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
    ['biome', 'check', '.'],
    ['node', 'scripts/check.ts'],
  ];
  let failed = 0;
  for (const [program = '', ...args] of commands) {
    const { status } = spawnSync(program, args, { stdio: 'inherit' });
    if (status !== 0) failed += 1;
    process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${program} ${args.join(' ')}\n`);
  }
  return { passed: commands.length - failed, failed, skipped: 0 };
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
    // A file that fails to load runs no test: it must not count as none failed.
    const broken = json.numFailedTests === 0 && (status !== 0 || !json.success) ? 1 : 0;
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests + broken,
      skipped: json.numPendingTests + json.numTodoTests,
    };
  } catch {
    process.stdout.write(`the tier ${tier} ended without a report\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main(process.argv.slice(2));
