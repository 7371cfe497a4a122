import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import { type Reply, wireBytes } from './reply.ts';

export interface Delivery {
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly fault: Fault | undefined;
  /** Aborts when the fake stops. */
  readonly stopped: AbortSignal;
  readonly resetConnection: () => void;
}

/** Whether the fault prevents any response. */
export function isSilent(fault: Fault | undefined): boolean {
  return (fault?.kind === 'hang' || fault?.kind === 'reset') && fault.afterBytes === undefined;
}

/** Sends a response, changed by the fault, if any. */
export async function deliver(reply: Reply, delivery: Delivery): Promise<void> {
  const { fault, response, socket } = delivery;
  switch (fault?.kind) {
    case 'slow':
      await delay(fault.ms, undefined, { signal: delivery.stopped });
      return send(response, reply);
    case 'hang':
      return fault.afterBytes === undefined
        ? undefined
        : write(socket, wireBytes(reply).subarray(0, fault.afterBytes));
    case 'reset':
      if (fault.afterBytes === undefined) return delivery.resetConnection();
      await write(socket, wireBytes(reply).subarray(0, fault.afterBytes));
      // Not a TCP reset, because the kernel would discard the bytes that the client has not read yet.
      socket.destroy();
      return;
    case 'truncated': {
      const bytes = wireBytes(reply);
      await write(socket, bytes.subarray(0, bytes.length - Math.ceil(reply.body.length / 2)));
      socket.destroy();
      return;
    }
    case 'truncatedJson':
      return send(response, { ...reply, body: reply.body.subarray(0, Math.floor(reply.body.length / 2)) });
    default:
      return send(response, reply);
  }
}

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length });
  response.end(reply.body);
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  // An error means that the client has disconnected, which is fine.
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}
