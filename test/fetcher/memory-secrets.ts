/** Secrets Manager in memory, for tests that change secrets between two calls of one look. */
import type { AwsErrorFacts, SecretReader } from '../../src/aws/calls/secret-reader.ts';
import { Regions, Session } from '../../src/aws/calls/session.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';

interface Version {
  readonly value: string;
  stages: string[];
}

/** A call as a test sees it. */
export interface Call {
  readonly what: 'describe' | 'read';
  readonly arn: string;
  readonly region: string;
  readonly versionId: string | undefined;
  readonly stage: string | undefined;
}

const NOT_FOUND = facts('ResourceNotFoundException', 400);

/** The error of an answer, as the reader returns it. */
export function facts(name: string, status: number, detail?: AwsErrorFacts['detail']): AwsErrorFacts {
  return { name, status, detail, denial: undefined };
}

/** An ID of a version that is easy to read. */
export function idOf(text: string): string {
  return text.padStart(32, '0');
}

export class MemorySecrets {
  readonly calls: Call[] = [];
  /** Called before each answer. What it returns is the answer instead. */
  before: (call: Call) => AwsErrorFacts | undefined = () => undefined;
  readonly #secrets = new Map<string, Map<string, Version>>();
  readonly #deleted = new Set<string>();

  /** Adds a version and moves the labels to it. With AWSCURRENT, the version before becomes AWSPREVIOUS. */
  put(arn: string, id: string, value: string, stages: readonly string[] = ['AWSCURRENT']): void {
    const versions = this.#secrets.get(arn) ?? new Map<string, Version>();
    this.#secrets.set(arn, versions);
    versions.set(idOf(id), { value, stages: [] });
    for (const stage of stages) this.move(arn, id, stage);
  }

  move(arn: string, id: string, stage: string): void {
    const versions = this.#secrets.get(arn) ?? new Map<string, Version>();
    const former = [...versions].find(([, version]) => version.stages.includes(stage));
    for (const version of versions.values()) version.stages = version.stages.filter((one) => one !== stage);
    versions.get(idOf(id))?.stages.push(stage);
    if (stage === 'AWSCURRENT' && former !== undefined && former[0] !== idOf(id))
      this.move(arn, former[0], 'AWSPREVIOUS');
  }

  /** Removes versions without labels, as AWS does at some time. */
  forgetUnlabelled(arn: string): void {
    const versions = this.#secrets.get(arn) ?? new Map<string, Version>();
    for (const [id, { stages }] of versions) if (stages.length === 0) versions.delete(id);
  }

  remove(arn: string): void {
    this.#secrets.delete(arn);
  }

  scheduleDeletion(arn: string): void {
    this.#deleted.add(arn);
  }

  /** A session with Regions of these ARNs. */
  session(arns: readonly string[], failover: readonly string[] = []): Session {
    const regionOf = (arn: string) => arn.split(':')[3] ?? '';
    const endpoints = { sts: undefined, secretsManager: 'http://127.0.0.1:1', fips: false, dualStack: false };
    const regions = new Regions(arns.map(regionOf), endpoints, () => undefined, failover);
    const credentials = { accessKeyId: '', secretAccessKey: '', sessionToken: '' };
    return new Session(regions, ({ region }) => this.#reader(region), credentials, {
      roleArn: 'arn:aws:iam::111122223333:role/shop',
      signIn: async () => credentials,
    });
  }

  #reader(region: string): SecretReader {
    const asked = (call: Call): AwsErrorFacts | undefined => {
      this.calls.push(call);
      return this.before(call);
    };
    return {
      describe: async (arn) => {
        const fault = asked({ what: 'describe', arn, region, versionId: undefined, stage: undefined });
        if (fault !== undefined) return fault;
        const found = this.#secrets.get(arn);
        if (found === undefined) return NOT_FOUND;
        const versions = new Map<string, string>();
        for (const [id, { stages }] of found) for (const stage of stages) versions.set(stage, id);
        return { arn, versions, isDeleted: this.#deleted.has(arn) };
      },
      read: async ({ arn, versionId, stage }) => {
        const fault = asked({ what: 'read', arn, region, versionId, stage });
        if (fault !== undefined) return fault;
        if (this.#deleted.has(arn)) return facts('InvalidRequestException', 400, 'deleted');
        const found = [...(this.#secrets.get(arn) ?? [])].find(([id, { stages }]) =>
          versionId === undefined ? stages.includes(stage ?? 'AWSCURRENT') : id === versionId,
        );
        if (found === undefined) return NOT_FOUND;
        const [id, { value, stages }] = found;
        return { arn, value: new SecretValue(value), versionId: id, stages };
      },
    };
  }
}
