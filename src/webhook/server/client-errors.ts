/** Requests that Node's HTTP parser rejects: malformed, too slow, or with too many headers. */
import type { Socket } from 'node:net';
import { refusalText } from './refusals.ts';

const STATUSES: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};
const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** Makes the handler of these errors: it answers with a status, closes the connection, and counts. */
export function clientErrorHandler(count: (status: number) => void): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const code = 'code' in error ? String(error.code) : '';
    // The client closed the connection, which is counted with its request.
    if (code === 'ECONNRESET' || socket.destroyed) return;
    const status = STATUSES[code] ?? 400;
    count(status);
    const text = refusalText(status);
    const head = `HTTP/1.1 ${status} ${PHRASES[status]}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n`;
    // What the client does not take at once is dropped with the connection.
    if (socket.writable) socket.write(head + text);
    socket.destroy();
  };
}
