/** What a test needs of the machine and can fetch itself: a Debian package, as root, with apt-get. */
import { execFile } from 'node:child_process';

/**
 * Runs a program to its end. What it wrote is shown if it ended badly, on the error output: the other one belongs
 * to the test's reporter.
 * @param env variables besides the process's own
 * @returns whether it ended well
 */
export function succeeds(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 26 };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error !== null) process.stderr.write(`${program}: ${stdout}${stderr}\n`);
      resolve(error === null);
    });
  });
}

/** Says that something is under way which takes a while. */
export function say(what: string): void {
  process.stderr.write(`${what} …\n`);
}

/** Installs a package where that is possible. @returns whether it is there now */
export async function installDebianPackage(name: string): Promise<boolean> {
  if (process.getuid?.() !== 0 || !(await succeeds('sh', ['-c', 'command -v apt-get']))) return false;
  say(`installing ${name}`);
  // In runlevel 1, Debian starts no service of a package: tests start what they need.
  const variables = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = () => succeeds('apt-get', ['install', '-y', '--no-install-recommends', name], variables);
  return (await install()) || ((await succeeds('apt-get', ['update'], variables)) && (await install()));
}
