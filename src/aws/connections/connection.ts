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
  /** A step towards the connection was done. */
  onProgress(): void;
  onReady(): void;
  onData(bytes: Buffer): void;
  /** The other side has ended the connection in an orderly way. */
  onEnd(): void;
  /** @param code of the error, or ECONNRESET */
  onClose(code: string): void;
}

export class Connection {
  readonly #endpoint: URL;
  readonly #tcp: net.Socket;
  /** What requests are written to. */
  #socket: net.Socket;
  #context: SecureContext | undefined;
  #isReady = false;
  #code = ENDED;
  #receiver: Receiver | undefined;

  /**
   * Starts TLS as soon as TCP is connected, if the endpoint has it, and does not wait for it.
   * @param tcp to the host or to what passes bytes on to it; it may still be connecting
   */
  constructor(endpoint: URL, tcp: net.Socket) {
    this.#endpoint = endpoint;
    this.#tcp = tcp;
    this.#socket = tcp;
    this.#listen(tcp);
    tcp.on('lookup', () => this.#receiver?.onProgress());
    // Not before: Node.js replaces the handle of the socket when it tries another address of the host.
    if (tcp.connecting) tcp.once('connect', () => this.#connected());
    else this.#connected();
  }

  /** Whether an exchange can begin. Not if other authorities have been trusted since. */
  get isUsable(): boolean {
    const isTrusted = this.#context === undefined || this.#context === secureContext();
    return isTrusted && !this.#tcp.destroyed && !this.#socket.destroyed;
  }

  /** Begins an exchange. The receiver is told when to write. */
  begin(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#socket.ref();
    if (this.#socket.destroyed) receiver.onClose(this.#code);
    else if (this.#isReady) receiver.onReady();
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Ends an exchange. A connection that is kept does not keep the process alive. */
  finish(isKept: boolean): void {
    this.#receiver = undefined;
    if (!isKept) this.close();
    else this.#socket.setKeepAlive(true, KEEP_ALIVE_MS).unref();
  }

  close(): void {
    this.#socket.destroy();
    this.#tcp.destroy();
  }

  #connected(): void {
    this.#receiver?.onProgress();
    if (this.#endpoint.protocol !== 'https:') {
      this.#ready(this.#tcp);
      return;
    }
    try {
      this.#context = secureContext();
      this.#socket = startTls(this.#endpoint, this.#tcp, this.#context);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#listen(this.#socket);
    this.#socket.once('secureConnect', () => this.#ready(this.#socket));
  }

  #ready(socket: net.Socket): void {
    this.#isReady = true;
    socket.on('data', (bytes: Buffer) => {
      // A server does not speak between two requests.
      if (this.#receiver === undefined) this.close();
      else this.#receiver.onData(bytes);
    });
    socket.on('end', () => {
      this.#receiver?.onEnd();
      this.close();
    });
    this.#receiver?.onProgress();
    this.#receiver?.onReady();
  }

  #listen(socket: net.Socket): void {
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => {
      // TLS reads to the end what TCP has received.
      if (socket !== this.#socket) return;
      this.#receiver?.onClose(this.#code);
      this.close();
    });
  }

  #fail(error: Error): void {
    if (this.#code === ENDED) this.#code = codeOf(error);
    this.close();
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
