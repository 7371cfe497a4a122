/** Certificates of clients, with which an API server can authenticate itself to webhooks. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Reads the CAs of clients.
 * @throws Error with the code of the system if the file cannot be read, `ERR_CLIENT_CA` if it contains no certificate
 */
export function readClientCa(file: string): string {
  const pem = readFileSync(file, 'utf8');
  try {
    new X509Certificate(pem);
    return pem;
  } catch {
    throw Object.assign(new Error('the file contains no certificate'), { code: 'ERR_CLIENT_CA' });
  }
}

/** Whether the client of a connection presented a certificate from one of the CAs. */
export function isAuthorized(socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.authorized;
}
