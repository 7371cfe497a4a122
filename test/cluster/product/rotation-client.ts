import { Agent } from 'node:https';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { StandIn } from '../../aws-fake/index.ts';

const ROLE = 'arn:aws:iam::111122223333:role/rotation';

/** A client with the rights of a rotation function, for all secrets of the scenarios. */
export function rotationClient(aws: StandIn): SecretsManagerClient {
  aws.putRole({ arn: ROLE, subjects: [], allow: ['arn:aws:secretsmanager:*:*:secret:shop/*'] });
  return new SecretsManagerClient({
    region: 'eu-west-1',
    endpoint: aws.url,
    credentials: aws.startSession(ROLE),
    requestHandler: { httpsAgent: new Agent({ ca: aws.caPem, keepAlive: true }) },
  });
}
