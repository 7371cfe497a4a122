/** Builds the image with scripts/image into a storage of its own, and runs programs in it as kubelet would. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const TAG = 'aws-secrets-injector:image-test';
/** Exit code of scripts/image when there is no builder. */
const NO_ENGINE = 69;

export interface ImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly ExposedPorts?: object;
}

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Folders to mount: `host:container[:ro]`. */
  readonly volumes?: readonly string[];
}

export class BuiltImage {
  readonly rootfs: string;
  readonly #container: string;
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
    this.#container = this.buildah('from', '--pull-never', TAG).trim();
    this.rootfs = this.buildah('mount', this.#container).trim();
  }

  /** Runs a buildah command. @returns what it printed */
  buildah(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('buildah', args, { env: this.#variables, encoding: 'utf8' });
    if (status !== 0) throw new Error(`buildah ${args[0]}: ${stderr}`);
    return stdout;
  }

  config(): ImageConfig {
    const inspected = JSON.parse(this.buildah('inspect', '--type', 'image', TAG)) as {
      OCIv1: { config: ImageConfig };
    };
    return inspected.OCIv1.config;
  }

  /** Everything that the image says about itself, its history included. */
  description(): string {
    return this.buildah('inspect', '--type', 'image', TAG);
  }

  /** Runs a command as the image's user until it ends. */
  run(command: readonly string[], options: RunOptions = {}): Run {
    const { status, stdout, stderr } = spawnSync('buildah', this.#arguments(command, options), {
      env: this.#variables,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  /** Starts a command as the image's user. @returns buildah, below which it runs */
  start(command: readonly string[], options: RunOptions = {}): ChildProcess {
    return spawn('buildah', this.#arguments(command, options), {
      env: this.#variables,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  #arguments(command: readonly string[], options: RunOptions): readonly string[] {
    return [
      'run',
      '--isolation',
      'chroot',
      ...(options.volumes ?? []).flatMap((volume) => ['--volume', volume]),
      ...Object.entries(options.env ?? {}).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      this.#container,
      '--',
      ...command,
    ];
  }

  [Symbol.dispose](): void {
    spawnSync('buildah', ['rm', this.#container], { env: this.#variables });
  }
}

/** Variables that make buildah keep everything in one folder. */
export function ownStorage(folder: string): NodeJS.ProcessEnv {
  const file = path.join(folder, 'storage.conf');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`,
  );
  return {
    ...process.env,
    CONTAINERS_STORAGE_CONF: file,
    STORAGE_DRIVER: 'vfs',
    BUILDAH_ISOLATION: 'chroot',
  };
}

/**
 * Builds the image on base images made from this machine.
 * @param npmrc more of npm's settings, which must not be found in the image
 * @returns the image, or why none can be built here
 */
export function buildImage(folder: string, npmrc: string): BuiltImage | string {
  if (process.getuid?.() !== 0) return 'building and running an image needs root';
  const variables = ownStorage(folder);
  const settings = path.join(folder, 'npmrc');
  writeFileSync(settings, `${userSettings()}\n${npmrc}\n`, { mode: 0o600 });
  const { status, stderr } = spawnSync(
    path.join(ROOT, 'scripts/image'),
    ['--engine', 'buildah', '--local-base', '--tag', TAG],
    { env: { ...variables, NPM_CONFIG_USERCONFIG: settings }, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  rmSync(settings, { force: true });
  if (status === NO_ENGINE) return 'buildah is not installed, and could not be';
  if (status !== 0) throw new Error(`scripts/image ended with ${status}:\n${stderr.slice(-8000)}`);
  return new BuiltImage(variables);
}

function userSettings(): string {
  const { stdout } = spawnSync('npm', ['config', 'get', 'userconfig'], { encoding: 'utf8' });
  try {
    return readFileSync(stdout.trim(), 'utf8');
  } catch {
    return '';
  }
}
