/** Amazon Resource Names (ARNs) of KMS keys. */
import { isRegion, partitionOf } from '../names/regions.ts';

export interface KeyArn {
  /** As the user wrote it. */
  readonly text: string;
  readonly region: string;
  readonly account: string;
}

// KMS API, KeyMetadata `KeyId`: a UUID, or `mrk-` and 32 hexadecimal digits for a multi-Region key.
const KEY = /^arn:([a-z-]{3,20}):kms:([a-z0-9-]{1,63}):(\d{12}):key\/[A-Za-z0-9-]{1,128}$/;

/**
 * Parses the ARN of a KMS key. The ARN of an alias is none: in policies it does not stand for its key.
 * @returns undefined if the text is not the ARN of a key
 */
export function parseKeyArn(text: string): KeyArn | undefined {
  const [, partition, region = '', account = ''] = KEY.exec(text) ?? [];
  if (partition === undefined || !isRegion(region) || partitionOf(region).id !== partition) return undefined;
  return { text, region, account };
}
