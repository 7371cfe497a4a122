/** Policies as JSON: one document as it is pasted into IAM, several by the name of what they are attached to. */
import type { Advice } from './advice.ts';

/** @returns text with a final line feed */
export function formatJson(advice: Advice): string {
  const { identities, secrets, keys } = advice;
  const [first] = identities;
  const [only] = first?.permissions ?? [];
  const isPlain =
    identities.length === 1 &&
    first?.permissions.length === 1 &&
    first.trust === undefined &&
    secrets.length === 0 &&
    keys.length === 0;
  return `${JSON.stringify(isPlain ? only : byAttachment(advice), undefined, 2)}\n`;
}

function byAttachment({ identities, secrets, keys }: Advice): Readonly<Record<string, object>> {
  return Object.fromEntries<object>([
    ...identities.map(({ identity, permissions, trust }): [string, object] => [
      identity.key,
      { permissionPolicies: permissions, ...(trust === undefined ? {} : { trustPolicy: trust }) },
    ]),
    ...secrets.map(({ arn, policy }): [string, object] => [arn.text, { resourcePolicy: policy }]),
    ...keys.map(({ key, statements }): [string, object] => [key.text, { keyPolicyStatements: statements }]),
  ]);
}
