/** `failoverRegion` and `failoverObject`: replicas of a secret. */
import { field, textField } from '../../../json.ts';
import { parseArn } from '../../../names/arn.ts';
import type { ObjectReport } from '../report.ts';

/** @param arn of the secret, if it is known @returns Regions of replicas */
export function readFailover(
  item: unknown,
  at: string,
  arn: string | undefined,
  { report, failoverRegion }: { readonly report: ObjectReport; readonly failoverRegion: string | undefined },
): readonly string[] | undefined {
  const object = field(item, 'failoverObject');
  if (object === undefined) return failoverRegion === undefined ? undefined : [failoverRegion];
  const name = textField(object, 'objectName');
  const secret = arn === undefined ? undefined : parseArn(arn, '');
  const isReplica =
    name === undefined ||
    (secret?.ok === true && failoverRegion !== undefined && isSame(name, secret.value, failoverRegion));
  const version = (key: string) => textField(object, key);
  const isSameVersion =
    (version('objectVersion') ?? textField(item, 'objectVersion')) === textField(item, 'objectVersion') &&
    (version('objectVersionLabel') ?? textField(item, 'objectVersionLabel')) ===
      textField(item, 'objectVersionLabel');
  if (isReplica && isSameVersion && failoverRegion !== undefined) {
    report.carried(`${at}.failoverObject`, 'failover');
    return [failoverRegion];
  }
  report.notCarried(`${at}.failoverObject`, {
    why: 'it is not the same version of a replica of the secret',
    instead: 'replicate the secret to the other Region, and list the Region in the field failover',
  });
  return undefined;
}

interface Primary {
  readonly name: string;
  readonly account: string;
}

function isSame(name: string, primary: Primary, region: string): boolean {
  if (!name.startsWith('arn:')) return name === primary.name;
  const arn = parseArn(name, '');
  return (
    arn.ok &&
    arn.value.name === primary.name &&
    arn.value.account === primary.account &&
    arn.value.region === region
  );
}
