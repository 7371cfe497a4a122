/** Neighbours: other admission webhooks of the cluster. They are Go programs, as real ones are, registered by URL. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCertificate } from '../../aws-fake/certificates.ts';
import type { Cluster } from '../cluster.ts';
import { BUSYBOX_IMAGE } from '../images.ts';
import { type Program, startProgram } from './program.ts';
import { type Registered, type Registration, register } from './registration.ts';

export { neighboursUnavailable, type Program } from './program.ts';
export type { Behaviour, Registered, Registration } from './registration.ts';

export interface NeighbourOptions {
  /** The AWS role that `web-identity` adds to pods without the annotation `eks.amazonaws.com/role-arn`. */
  readonly roleArn?: string;
  /** The image of added containers; default: the busybox image of the node. */
  readonly image?: string;
}

/** Both running programs and their registrations. */
export interface Neighbours extends AsyncDisposable {
  /**
   * Registers a webhook for one existing namespace, and waits until the API server calls it.
   * @throws Error if the name is taken, or if the API server does not call the webhook
   */
  readonly register: (registration: Registration) => Promise<Registered>;
  /** Removes the remaining registrations, between two tests. */
  readonly removeAll: () => Promise<void>;
  /** Removes the remaining registrations and stops both programs. */
  readonly stop: () => Promise<void>;
}

/**
 * Builds missing programs (progress on stderr), and starts both where the API server can reach them.
 * @param folder for the certificate and the logs, `neighbour-<program>.log`
 */
export async function startNeighbours(
  cluster: Cluster,
  folder: string,
  options: NeighbourOptions = {},
): Promise<Neighbours> {
  const address = cluster.facts.bridgeAddress;
  const material = await makeCertificate([address]);
  const cert = path.join(folder, 'neighbour.crt');
  const key = path.join(folder, 'neighbour.key');
  writeFileSync(cert, material.cert);
  writeFileSync(key, material.key, { mode: 0o600 });
  const flags = [
    `--image=${options.image ?? BUSYBOX_IMAGE}`,
    ...(options.roleArn === undefined ? [] : [`--role-arn=${options.roleArn}`]),
  ];
  const start = async (program: Program): ReturnType<typeof startProgram> => {
    const log = path.join(folder, `neighbour-${program}.log`);
    return await startProgram(program, { address, cert, key, log, flags });
  };
  const old = await start('old');
  const current = await start('current').catch(async (error: unknown) => {
    await old.stop();
    throw error;
  });
  const programs = { old, current };
  const registered = new Map<string, Registered>();

  const removeAll = async (): Promise<void> => {
    for (const each of registered.values()) await each.remove();
  };
  const stop = async (): Promise<void> => {
    try {
      await removeAll();
    } finally {
      await Promise.all([old.stop(), current.stop()]);
    }
  };
  return {
    register: async (registration) => {
      const target = { url: programs[registration.program].url, ca: material.ca };
      const made = await register(cluster, target, registration);
      const remove = async (): Promise<void> => {
        registered.delete(registration.name);
        await made.remove();
      };
      registered.set(registration.name, { remove });
      return { remove };
    },
    removeAll,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
