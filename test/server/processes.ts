/** Programs under test as child processes: bundled as they are shipped, and spoken to over sockets and signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type BuildOptions, build } from 'esbuild';
import { INJECTOR_IMAGE } from './injector-image.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/**
 * Bundles a program: `.mjs` becomes a module, which may await at its top, all else CommonJS as in a release.
 * @param options instead of those of a release
 */
export async function bundle(entry: string, outfile: string, options: BuildOptions = {}): Promise<void> {
  const isModule = outfile.endsWith('.mjs');
  await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: isModule ? 'esm' : 'cjs',
    minify: true,
    keepNames: true,
    logLevel: 'warning',
    define: { __VERSION__: '"0.0.0-test"' },
    loader: { '.css': 'text', '.client.js': 'text' },
    // CommonJS dependencies inside a module still call require.
    ...(isModule
      ? {
          banner: {
            js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
          },
        }
      : {}),
    ...options,
  });
}

export interface Child {
  readonly pid: number;
  /** The port that the program said it listens on. */
  readonly port: number;
  /** The first line that it wrote, as JSON. */
  readonly firstLine: Readonly<Record<string, unknown>>;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
  /** Ends the process if it still runs. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly nodeFlags?: readonly string[];
  /** A command in front of Node. */
  readonly wrap?: readonly string[];
}

/** Starts a program that writes a line of JSON when it is up, or when it is done. */
export async function startNode(args: readonly string[], options: StartOptions = {}): Promise<Child> {
  const { child, ended } = launch(args, options, {});
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout ?? process.stdin }).once('line', resolve);
    void ended.then((code) => reject(new Error(`ended with ${code} before saying anything`)));
  });
  const firstLine = JSON.parse(line) as Readonly<Record<string, unknown>>;
  return { ...control(child, ended), firstLine, port: Number(firstLine['port']) };
}

export interface WebhookProcess extends Omit<Child, 'firstLine'> {
  readonly probePort: number;
  readonly metricsPort: number;
  /** Every line of the log so far. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  readonly logText: () => string;
  /** Closes the reading end of the pipe that the log goes into. */
  closeLog(): void;
  /** Stops reading the log; the pipe stays open and fills up. */
  pauseLog(): void;
  /** Takes the log from the pipe from now on, but neither parses nor keeps it: a load must not measure that. */
  discardLog(): void;
}

export interface WebhookProcessOptions extends StartOptions {
  /** Holds tls.crt and tls.key; the bundle goes there too. */
  readonly directory: string;
  /** Another bundle of the webhook, which exists already. */
  readonly file?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Bundles and starts the webhook on ports that the system chooses. */
export async function startWebhookProcess(options: WebhookProcessOptions): Promise<WebhookProcess> {
  const file = options.file ?? (await bundleWebhook(options.directory));
  const flags = [
    ...['--image', INJECTOR_IMAGE, '--listen-address', '127.0.0.1'],
    ...['--listen-port', '0', '--probe-port', '0', '--metrics-port', '0'],
    ...['--certificates', 'files'],
    ...['--tls-cert-file', path.join(options.directory, 'tls.crt')],
    ...['--tls-key-file', path.join(options.directory, 'tls.key')],
    ...(options.flags ?? []),
  ];
  const { child, ended } = launch(runner(file, flags), options, options.env ?? {});
  const log: Readonly<Record<string, unknown>>[] = [];
  const texts: string[] = [];
  const reader = createInterface({ input: child.stdout ?? process.stdin });
  const ports = await new Promise<readonly number[]>((resolve, reject) => {
    reader.on('line', (line) => {
      texts.push(line);
      // A killed process may leave half a line.
      if (child.killed && !line.endsWith('}')) return;
      log.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
      const found = log.flatMap((one) => (typeof one['port'] === 'number' ? [one['port']] : []));
      if (found.length === 3) resolve(found);
    });
    void ended.then((code) => reject(new Error(`ended with ${code} before listening: ${texts.join('\n')}`)));
  });
  const [port = 0, probePort = 0, metricsPort = 0] = ports;
  return {
    ...control(child, ended),
    port,
    probePort,
    metricsPort,
    log,
    logText: () => texts.join('\n'),
    closeLog: () => void child.stdout?.destroy(),
    pauseLog: () => void reader.pause(),
    discardLog: () => {
      reader.close();
      child.stdout?.resume();
    },
  };
}

const bundles = new Map<string, Promise<string>>();

/** The bundle of the webhook in a directory, made once. */
export function bundleWebhook(directory: string): Promise<string> {
  const file = path.join(directory, 'webhook.cjs');
  const made = bundles.get(file) ?? bundle('src/webhook/main.ts', file).then(() => file);
  bundles.set(file, made);
  return made;
}

/** Arguments of Node that run the `webhook` command from its bundle. */
export function runner(file: string, flags: readonly string[]): readonly string[] {
  const code = `require(${JSON.stringify(file)}).runWebhook(process.argv.slice(1), process.env).then((code) => process.exit(code))`;
  return ['-e', code, '--', ...flags];
}

function launch(
  args: readonly string[],
  options: StartOptions,
  env: Readonly<Record<string, string>>,
): { readonly child: ChildProcess; readonly ended: Promise<number | string> } {
  const [program = process.execPath, ...rest] = [
    ...(options.wrap ?? []),
    process.execPath,
    ...(options.nodeFlags ?? []),
    ...args,
  ];
  const child = spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return { child, ended };
}

function control(
  child: ChildProcess,
  ended: Promise<number | string>,
): Pick<Child, 'pid' | 'ended' | 'kill' | 'stop'> {
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
