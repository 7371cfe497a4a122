import aws4 from 'aws4';
import type { StandIn } from '../../aws-fake/index.ts';
import { DB_ARN, type RawAnswer, REGION, ROLE_ARN } from './account.ts';

export const BODY = JSON.stringify({ SecretId: DB_ARN });

export interface Signing {
  readonly service?: string;
  readonly region?: string;
  readonly host?: string;
  readonly at?: number;
  readonly target?: string;
  readonly path?: string;
  readonly body?: string;
}

/** Headers of a correctly signed request by aws4, not by the SDK. A test can change them. */
export function signed(aws: StandIn, signing: Signing = {}): Record<string, string> {
  const { headers } = aws4.sign(
    {
      method: 'POST',
      path: signing.path ?? '/',
      host: signing.host ?? new URL(aws.url).host,
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': `secretsmanager.${signing.target ?? 'GetSecretValue'}`,
        'X-Amz-Date': new Date(signing.at ?? Date.now()).toISOString().replace(/[-:]|\.\d{3}/g, ''),
      },
      body: signing.body ?? BODY,
      service: signing.service ?? 'secretsmanager',
      region: signing.region ?? REGION,
    },
    aws.startSession(ROLE_ARN),
  );
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

/** The code and message of a Secrets Manager error. */
export function secretsError(answer: RawAnswer): { status: number; type: unknown; message: unknown } {
  const content: Record<string, unknown> = JSON.parse(answer.body);
  return {
    status: answer.status,
    type: content['__type'],
    message: content['message'] ?? content['Message'],
  };
}
