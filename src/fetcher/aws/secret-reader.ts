/** What the fetcher needs of Secrets Manager. Only types, because the module that implements them is loaded late. */
import type https from 'node:https';
import type { SecretValue } from '../../core/secret/secret-value.ts';

/** A session of a role. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface SecretRequest {
  readonly arn: string;
  readonly stage: string | undefined;
  readonly versionId: string | undefined;
}

export interface FetchedSecret {
  readonly arn: string | undefined;
  readonly value: SecretValue | undefined;
}

/** The part of an SDK error that contains nothing of the answer. */
export interface AwsErrorFacts {
  readonly name: string;
  readonly status: number | undefined;
  readonly networkCode: string | undefined;
  readonly isKms: boolean;
  readonly isDeleted: boolean;
}

export interface SecretReader {
  /** One try of GetSecretValue. */
  read(request: SecretRequest, signal: AbortSignal): Promise<FetchedSecret | AwsErrorFacts>;
  close(): void;
}

export interface SecretReaderOptions {
  readonly region: string;
  readonly endpoint: URL;
  readonly credentials: Credentials;
  readonly agent: https.Agent;
}

export type OpenSecretReader = (options: SecretReaderOptions) => SecretReader;
