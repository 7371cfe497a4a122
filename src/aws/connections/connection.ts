/** A connection to one host, over TLS or plain TCP, for one exchange at a time. */
import net from 'node:net';
import tls, { type SecureContext } from 'node:tls';
import { codeOf } from '../../runtime/answer.ts';
import { hostOf } from './early-connections.ts';
import { secureContext } from './trust.ts';

/** Until the kernel asks whether the other side of an idle connection is still there. */
const KEEP_ALIVE_MS = 1_000;
/** The code of a connection that ended without an error. */
const ENDED = 'ECONNRESET';

/** What happens to the connection during an exchange. */
export interface Receiver {
  /** The connection was established, or a step towards it was done. */
  onProgress(): void;
  onReady(): void;
  onData(bytes: Buffer): void;
  /** @param code of the error, or ECONNRESET */
  onEnd(code: string): void;
}

export class Connection {
  readonly #socket: net.Socket;
  readonly #context: SecureContext | undefined;
  #isReady: boolean;
  #code = ENDED;
  #receiver: Receiver | undefined;

  /**
   * Starts TLS, if the endpoint has it, and does not wait for it.
   * @param tcp to the host or to what passes bytes on to it; it may still be connecting
   */
  constructor(endpoint: URL, tcp: net.Socket) {
    const isTls = endpoint.protocol === 'https:';
    this.#context = isTls ? secureContext() : undefined;
    this.#socket = this.#context === undefined ? tcp : startTls(endpoint, tcp, this.#context);
    this.#isReady = !isTls && !tcp.connecting;
    const progress = (): void => this.#receiver?.onProgress();
    for (const step of ['lookup', 'connect']) tcp.on(step, progress);
    this.#socket.once(isTls ? 'secureConnect' : 'connect', () => {
      this.#isReady = true;
      progress();
      this.#receiver?.onReady();
    });
    const fail = (error: Error): void => {
      if (this.#code === ENDED) this.#code = codeOf(error);
      this.close();
    };
    tcp.on('error', fail);
    if (isTls) this.#socket.on('error', fail);
    this.#socket.on('data', (bytes: Buffer) => {
      // A server does not speak between two requests.
      if (this.#receiver === undefined) this.close();
      else this.#receiver.onData(bytes);
    });
    const end = (): void => {
      this.#receiver?.onEnd(this.#code);
      this.close();
    };
    this.#socket.on('end', end);
    this.#socket.on('close', end);
    if (tcp.destroyed) this.close();
  }

  /** Whether an exchange can begin. Not if other authorities have been trusted since. */
  get isUsable(): boolean {
    return !this.#socket.destroyed && (this.#context === undefined || this.#context === secureContext());
  }

  /** Begins an exchange. The receiver is told when to write. */
  begin(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#socket.ref();
    if (this.#socket.destroyed) receiver.onEnd(this.#code);
    else if (this.#isReady) receiver.onReady();
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Ends an exchange. A connection that is kept does not keep the process alive. */
  finish(isKept: boolean): void {
    this.#receiver = undefined;
    if (!isKept || this.#socket.writableLength > 0) this.close();
    else this.#socket.setKeepAlive(true, KEEP_ALIVE_MS).unref();
  }

  close(): void {
    this.#socket.destroy();
  }
}

function startTls(endpoint: URL, tcp: net.Socket, context: SecureContext): tls.TLSSocket {
  const host = hostOf(endpoint);
  return tls.connect({
    socket: tcp,
    // For an address, no server name is sent and the certificate is checked against the address.
    host,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    secureContext: context,
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  });
}
