import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface Networks {
  /** The network of the pods and the bridge, such as 10.210.0.0/24. */
  readonly pods: string;
  readonly services: string;
  /** The address of the bridge, at which pods reach this machine. */
  readonly bridgeAddress: string;
  /** The address of the Service `kubernetes`, the first one of its network. */
  readonly apiServiceAddress: string;
}

/** Chooses two networks that no interface of this machine uses. */
export function freeNetworks(): Networks {
  const taken = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  );
  const second = Array.from({ length: 200 }, (_, at) => 50 + at).find(
    (each) => !taken.some((address) => address.startsWith(`10.${each}.`)),
  );
  if (second === undefined) throw new Error('no free network between 10.50.0.0/16 and 10.249.0.0/16');
  return {
    pods: `10.${second}.0.0/24`,
    services: `10.${second}.255.0/24`,
    bridgeAddress: `10.${second}.0.1`,
    apiServiceAddress: `10.${second}.255.1`,
  };
}

/** Different ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '0.0.0.0'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  });
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')));
  return ports;
}
