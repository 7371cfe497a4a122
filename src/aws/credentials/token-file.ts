/**
 * The file with the token of the pod's service account. The path is a variable, and what is at the path may be anything:
 * a FIFO, a device, a file system that does not answer. So the file is read in the background, until the deadline.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import type { FetchProblem } from '../../core/problems/problems.ts';

const MOST_TOKEN_BYTES = 20_000;

/** A token that could not be read. */
export class TokenUnreadable extends Error {
  readonly problem: FetchProblem;

  constructor(subject: string, wrong: string) {
    super('the token cannot be read');
    this.problem = {
      code: 'IDENTITY_TOKEN_UNREADABLE',
      subject,
      wrong,
      expected:
        'check the projected volume of the pod and its mount in this container; kubelet writes the file',
    };
  }
}

/** Where a token is. */
export interface TokenFile {
  readonly path: string;
  /** The variable with the path, for messages. */
  readonly variable: string;
}

/** Reads the token. @throws TokenUnreadable */
export async function readToken({ path, variable }: TokenFile, signal: AbortSignal): Promise<string> {
  const unreadable = (wrong: string) => new TokenUnreadable(variable, wrong);
  const content = await Promise.race([readStart(path, unreadable), rejectedAt(signal, unreadable)]);
  const token = content.trim();
  if (token === '') throw unreadable('the token file is empty');
  // A token consists of base64url parts. Any other content would be sent to AWS.
  if (content.length > MOST_TOKEN_BYTES || !/^[\w-]+(\.[\w-]+)*$/.test(token))
    throw unreadable('the token file does not contain a token');
  return token;
}

type Unreadable = (wrong: string) => TokenUnreadable;

/** Reads a file, but not much more than a token can have. */
async function readStart(file: string, unreadable: Unreadable): Promise<string> {
  try {
    // A FIFO would wait for a writer, and opening some devices has an effect.
    if (!(await promisify(fs.stat)(file)).isFile()) throw unreadable('the token file is not a regular file');
    const descriptor = await promisify(fs.open)(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const buffer = Buffer.alloc(MOST_TOKEN_BYTES + 1);
    try {
      const { bytesRead } = await promisify(fs.read)(descriptor, buffer, 0, buffer.length, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof TokenUnreadable) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw unreadable(`the token file cannot be read (${code ?? 'unknown error'})`);
  }
}

function rejectedAt(signal: AbortSignal, unreadable: Unreadable): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(unreadable('the token file was not read before the deadline'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
