import { randomBytes } from 'node:crypto';

export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly roleArn: string;
  readonly sessionName: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  /** Keys of session tags that sessions of assumed roles inherit. */
  readonly transitiveTags: readonly string[];
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** An AWS identifier: a prefix for its kind, and random capital letters and digits. */
export function awsIdentifier(prefix: string, random: Uint8Array = randomBytes(16)): string {
  return prefix + Array.from(random, (byte) => BASE32.charAt(byte % 32)).join('');
}

/** The temporary credentials that the fake has issued. */
export class Sessions {
  readonly #byKey = new Map<string, Session>();

  start(
    roleArn: string,
    sessionName: string,
    expiresAt: number,
    transitiveTags: readonly string[] = [],
  ): Session {
    const session: Session = {
      accessKeyId: awsIdentifier('ASIA'),
      secretAccessKey: randomBytes(30).toString('base64'),
      // As long as a real token, because it counts towards header limits and appears in log lines.
      sessionToken: randomBytes(600).toString('base64'),
      roleArn,
      sessionName,
      expiresAt,
      transitiveTags,
    };
    this.#byKey.set(session.accessKeyId, session);
    return session;
  }

  find(accessKeyId: string): Session | undefined {
    return this.#byKey.get(accessKeyId);
  }
}
