/** A folder that stands for a container's root: the same paths, under a temporary directory. */
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { VIEWS_DIRECTORY } from '../../src/core/names/volume-layout.ts';

export interface Sandbox {
  readonly folder: string;
  /** The root that the fetcher gets with --root. */
  readonly root: string;
  /** A path of the container as it is found on this machine. */
  inRoot(containerPath: string): string;
  /** The same for a container that mounts a view: others mount theirs at the same path. */
  inApplication(volume: string, containerPath: string): string;
}

export const TOKEN_FILE = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token';
export const TERMINATION_LOG = '/dev/termination-log';

/** Makes the folder with what kubelet would have prepared: an empty termination log. */
export async function makeSandbox(): Promise<Sandbox> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aws-secrets-injector-demo-'));
  const root = path.join(folder, 'root');
  const sandbox = {
    folder,
    root,
    inRoot: (containerPath: string) => path.join(root, containerPath),
    inApplication: (volume: string, containerPath: string) =>
      path.join(folder, 'applications', volume, containerPath),
  };
  await mkdir(sandbox.inRoot(path.dirname(TERMINATION_LOG)), { recursive: true });
  await writeFile(sandbox.inRoot(TERMINATION_LOG), '');
  return sandbox;
}

/** Writes the projected token, as kubelet does. */
export async function writeToken(sandbox: Sandbox, token: string): Promise<void> {
  await mkdir(path.dirname(sandbox.inRoot(TOKEN_FILE)), { recursive: true });
  await writeFile(sandbox.inRoot(TOKEN_FILE), token, { mode: 0o600 });
}

/** Makes a view's volume at the fetcher's path. */
export async function makeVolume(sandbox: Sandbox, volume: string): Promise<void> {
  await mkdir(volumePath(sandbox, volume), { recursive: true });
}

/** Where a volume's files lie. */
export function volumePath(sandbox: Sandbox, volume: string): string {
  return sandbox.inRoot(path.join(VIEWS_DIRECTORY, volume));
}

/** Links a view's volume at the application's path. */
export async function mountVolume(sandbox: Sandbox, volume: string, mountPath: string): Promise<void> {
  const atFetcher = volumePath(sandbox, volume);
  const atApplication = sandbox.inApplication(volume, mountPath);
  await mkdir(path.dirname(atApplication), { recursive: true });
  await symlink(path.relative(path.dirname(atApplication), atFetcher), atApplication);
}
