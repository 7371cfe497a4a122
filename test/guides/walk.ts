/** Runs the commands of a guide in one shell, as a reader does. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './page.ts';

/** Something to run, under a name. */
export interface Part {
  readonly name: string;
  /** Lines of a shell script. */
  readonly lines: readonly string[];
}

export interface Walk {
  /** What each part printed, by its name. */
  readonly outputs: ReadonlyMap<string, string>;
  readonly status: number | null;
  readonly stderr: string;
}

const MARK = '\u001e';

/** Makes the folder look like a checkout, with these programs on the path. @param programs shell commands by their name */
export function prepareFolder(folder: string, programs: Readonly<Record<string, string>>): void {
  const executable = (file: string, command: string): void => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(file, 0o755);
  };
  const cli = path.join(ROOT, 'scripts/aws-secrets-injector');
  executable(path.join(folder, 'scripts/aws-secrets-injector'), `'${cli}'`);
  for (const [name, command] of Object.entries({ 'aws-secrets-injector': `'${cli}'`, ...programs }))
    executable(path.join(folder, '.bin', name), command);
}

/** Runs the parts one after the other, and stops at the first command that fails. */
export async function walk(
  folder: string,
  parts: readonly Part[],
  variables: Readonly<Record<string, string>>,
): Promise<Walk> {
  const script = parts.flatMap(({ lines }, index) => [`printf '${MARK}${index}\\n'`, ...lines]);
  const child = spawn('bash', ['-eu', '-o', 'pipefail', '-c', script.join('\n')], {
    cwd: folder,
    env: {
      ...process.env,
      ...variables,
      PATH: `${path.join(folder, '.bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const outputs = new Map(
    stdout
      .split(MARK)
      .slice(1)
      .map((output) => {
        const at = output.indexOf('\n');
        return [parts[Number(output.slice(0, at))]?.name ?? '', output.slice(at + 1)] as const;
      }),
  );
  return { outputs, status, stderr };
}
