/**
 * Serves the metrics on the loopback address. Not with node:http, which would take another megabyte in every pod, for one
 * kind of request and an answer that closes the connection.
 */
import net from 'node:net';

const HOST = '127.0.0.1';
const MOST_CONNECTIONS = 8;
const MOST_REQUEST_BYTES = 8 * 1024;
const MOST_MILLISECONDS = 5_000;

export class MetricsServer {
  readonly #port: number;
  readonly #text: () => string;
  #isListening = false;

  /** @param port 0 for any free one @param text the metrics */
  constructor(port: number, text: () => string) {
    this.#port = port;
    this.#text = text;
  }

  /**
   * Listens, unless it already does. With the network of the node, another pod can have the port.
   * @returns the port, or the code of the system if it could not listen
   */
  listen(): Promise<number | string> {
    if (this.#isListening) return Promise.resolve(this.#port);
    const server = net.createServer((socket) => this.#answer(socket));
    server.maxConnections = MOST_CONNECTIONS;
    return new Promise((resolve) => {
      server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown error'));
      server.listen(this.#port, HOST, () => {
        this.#isListening = true;
        resolve((server.address() as net.AddressInfo).port);
      });
    });
  }

  #answer(socket: net.Socket): void {
    let request = '';
    socket.setEncoding('latin1');
    socket.setTimeout(MOST_MILLISECONDS, () => socket.destroy());
    // A client that sends or reads a byte now and then is never silent.
    const timer = setTimeout(() => socket.destroy(), 2 * MOST_MILLISECONDS);
    socket.on('close', () => clearTimeout(timer)).on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      request += chunk;
      if (request.length > MOST_REQUEST_BYTES) socket.destroy();
      else if (request.includes('\r\n\r\n')) socket.removeAllListeners('data').end(this.#response(request));
    });
  }

  #response(request: string): string {
    return /^GET \/metrics(?:\?[^ ]*)? HTTP\/1\.[01]\r\n/.test(request)
      ? responseOf('200 OK', 'text/plain; version=0.0.4; charset=utf-8', this.#text())
      : responseOf('404 Not Found', 'text/plain; charset=utf-8', 'GET /metrics\n');
  }
}

function responseOf(status: string, type: string, body: string): string {
  const headers = [
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}
