/** What the fetcher needs of the AWS SDK. Only types, because the modules that implement them are loaded late. */
import type { SecretValue } from '../../core/secret/secret-value.ts';
import type { Received } from '../../runtime/answer.ts';
import type { Service } from './endpoints.ts';
import type { Denial, Detail } from './errors.ts';
import type { AwsRequest } from './request.ts';

/** A session of a role. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds that they are valid for, from the answer; undefined if the answer does not say. */
  readonly lifetime?: number | undefined;
}

export interface SecretRequest {
  readonly arn: string;
  readonly stage: string | undefined;
  readonly versionId: string | undefined;
}

export interface FetchedSecret {
  readonly arn: string | undefined;
  readonly value: SecretValue | undefined;
  readonly versionId: string | undefined;
  /** The staging labels of the version. */
  readonly stages: readonly string[];
}

/** The versions of a secret, as one answer lists them: labels can move between two answers. */
export interface DescribedSecret {
  readonly arn: string | undefined;
  /** The ID of the version of each staging label. */
  readonly versions: ReadonlyMap<string, string>;
  /** Whether it is scheduled for deletion, so that its value cannot be read. */
  readonly isDeleted: boolean;
}

/** The part of an SDK error that contains nothing of the answer. */
export interface AwsErrorFacts {
  readonly name: string;
  readonly status: number;
  readonly detail: Detail | undefined;
  readonly denial: Denial | undefined;
}

export interface SecretReader {
  /** One try of GetSecretValue. @throws a NetworkFailure of `send` */
  read(request: SecretRequest, signal: AbortSignal): Promise<FetchedSecret | AwsErrorFacts>;
  /** One try of DescribeSecret. @throws a NetworkFailure of `send` */
  describe(arn: string, signal: AbortSignal): Promise<DescribedSecret | AwsErrorFacts>;
}

/** Requests of `read` that were made before there were credentials to sign them, while nothing else was to be done. */
export interface PreparedReads {
  prepare(endpoint: URL, request: SecretRequest): Promise<void>;
  find(endpoint: URL, request: SecretRequest): AwsRequest | undefined;
}

export interface SecretReaderOptions {
  readonly region: string;
  readonly endpoint: URL;
  readonly credentials: Credentials;
  readonly prepared?: PreparedReads;
  /** Sends a signed request. @throws NetworkFailure, which the reader passes on */
  send(request: AwsRequest, signal: AbortSignal): Promise<Received>;
}

export type OpenSecretReader = (options: SecretReaderOptions) => SecretReader;

/** What the bundle of the SDK exports. */
export interface SecretsSdk {
  readonly openSecretReader: OpenSecretReader;
  readonly openPreparedReads: () => PreparedReads;
  readonly signRequest: SignRequest;
}

/** Who signs a request, and for which service. */
export interface Signing {
  readonly endpoint: URL;
  readonly service: Service;
  readonly region: string;
  readonly credentials: Credentials;
  /** The time of the signature. AWS rejects one that differs from its own by more than some minutes. */
  readonly date: Date;
}

/** Signs a request with the signer of the SDK. @returns the request with the headers of the signature */
export type SignRequest = (signing: Signing, request: AwsRequest) => Promise<AwsRequest>;
