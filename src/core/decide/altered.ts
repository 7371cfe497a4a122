/**
 * Whether an injected container of an earlier pass still does what the injector wrote. Other webhooks add variables and
 * mounts to every container, which is harmless as long as nothing of it changes what the programs do. Missing parts are no
 * problem here: they are added again.
 */
import { identityFault } from '../additions/aws-identity.ts';
import { isDamaged } from '../additions/native-variables.ts';
import { isSidecarField, type SidecarFields } from '../additions/sidecar.ts';
import { asArray, asObject, field, type JsonObject, textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { ROLE_TOKEN_VOLUME } from '../names/identity-variables.ts';
import { replacedBy } from '../names/injected-paths.ts';
import { comparablePath, covers } from '../names/paths.ts';
import { steeringOf } from '../names/steering-variables.ts';
import { parseTraceparent, TRACEPARENT_VARIABLE } from '../names/trace-variables.ts';
import { isViewVolume } from '../names/volume-layout.ts';
import type { Container, Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { weakenedBy } from './weaker-security.ts';

/** What the injector writes into an injected container now. */
export interface Written {
  readonly env: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
  /** The fields that only a fetcher with `refresh` has. */
  readonly sidecar: SidecarFields;
}

/**
 * Fields of a container that the injector never sets, except for those of a native sidecar. The guard lists them as well.
 * Fields that are newer than this code may be defaults.
 */
export const NEVER_SET = [
  'args',
  'envFrom',
  'lifecycle',
  'livenessProbe',
  'ports',
  'readinessProbe',
  'restartPolicy',
  'restartPolicyRules',
  'startupProbe',
  'stdin',
  'stdinOnce',
  'tty',
  'volumeDevices',
  'workingDir',
] as const;

/** The annotation that API servers translate to `appArmorProfile` after the webhooks. */
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

/** The kubelet check only prints it, and many webhooks set it to the same. */
const FREE_VARIABLES: ReadonlySet<unknown> = new Set(['NODE_NAME']);

/** Adds everything that changes what an injected container does. */
export function checkAltered(pod: Pod, container: Container, written: Written, findings: Findings): void {
  const { json } = container;
  const sidecar: Readonly<Record<string, JsonObject | string>> = written.sidecar;
  for (const name of NEVER_SET) {
    const wanted = sidecar[name];
    if (wanted === undefined) {
      if (isSet(json[name]))
        findings.add(altered(container, `has the field ${name}, which the injector does not set`));
    } else if ((json[name] ?? null) !== null && !isSidecarField(json[name], wanted))
      findings.add(altered(container, `has another ${name} than the injector sets`));
  }
  const messagePath = textField(json, 'terminationMessagePath') ?? '';
  if (messagePath !== '' && messagePath !== '/dev/termination-log')
    findings.add(altered(container, `has terminationMessagePath ${quote(messagePath)}`));
  for (const what of weakenedBy(json['securityContext'])) findings.add(altered(container, `has ${what}`));
  if (field(pod.annotations, `${APPARMOR}${container.name}`) === 'unconfined')
    findings.add(altered(container, 'has the AppArmor annotation with the value unconfined'));
  // A device of a claim may come with mounts and variables.
  if (isSet(field(json['resources'], 'claims')))
    findings.add(altered(container, 'has resources.claims, which the injector does not set'));
  checkVariables(pod, container, written.env, findings);
  checkMounts(container, written.mounts, findings);
}

function checkVariables(pod: Pod, container: Container, written: Written['env'], findings: Findings): void {
  const own = new Map(written.map((entry) => [entry['name'], entry]));
  const seen = new Set<string>();
  for (const entry of container.env) {
    const name = textField(entry, 'name') ?? '';
    const wanted = own.get(name);
    const isRepeated = seen.has(name);
    seen.add(name);
    const isFree = FREE_VARIABLES.has(name);
    const source = textField(field(field(entry, 'valueFrom'), 'fileKeyRef'), 'volumeName') ?? '';
    if ((wanted === undefined || isFree) && isViewVolume(source)) {
      findings.add(() => refused(container, name, 'comes from a secrets volume'));
    } else if (isFree) {
      // Nothing depends on its value.
    } else if (wanted !== undefined) {
      if (isRepeated) findings.add(() => refused(container, name, 'is declared a second time'));
      else if (!isSame(entry, wanted))
        findings.add(() => refused(container, name, 'has another value than the injector sets'));
    } else if (name === TRACEPARENT_VARIABLE) {
      // Each review has a trace of its own, so the value of an earlier pass is another one.
      if (isRepeated) findings.add(() => refused(container, name, 'is declared a second time'));
      else if (entry['valueFrom'] || parseTraceparent(textField(entry, 'value') ?? '') === undefined)
        findings.add(() => refused(container, name, 'is not a trace context that the injector sets'));
    } else if (!isRepeated) {
      const fault =
        steeringOf(name) === 'refused'
          ? 'would change how the program runs'
          : identityFault(pod, container, name);
      if (fault !== undefined) findings.add(() => refused(container, name, fault));
    }
  }
}

/** Whether an entry is the injector's, or the rest of it after a webhook with an older library. */
function isSame(entry: JsonObject, wanted: JsonObject): boolean {
  const source = asObject(entry['valueFrom']);
  const path = textField(field(wanted['valueFrom'], 'fieldRef'), 'fieldPath');
  if (path !== undefined) return isFieldOf(source, path);
  const file = field(wanted['valueFrom'], 'fileKeyRef');
  if (file === undefined) return source === undefined && (entry['value'] ?? '') === wanted['value'];
  if (isDamaged(entry)) return true;
  const given = field(source, 'fileKeyRef');
  return (
    Object.keys(source ?? {}).length === 1 &&
    ['volumeName', 'path', 'key'].every((name) => field(given, name) === field(file, name)) &&
    field(given, 'optional') !== true
  );
}

/** Whether a source is a field of the pod. The API server sets the default of `apiVersion`. */
function isFieldOf(source: JsonObject | undefined, path: string): boolean {
  const given = field(source, 'fieldRef');
  return (
    Object.keys(source ?? {}).length === 1 &&
    field(given, 'fieldPath') === path &&
    (field(given, 'apiVersion') ?? 'v1') === 'v1'
  );
}

function checkMounts(container: Container, written: Written['mounts'], findings: Findings): void {
  const paths = new Set<string>();
  for (const mount of container.mounts) {
    const path = textField(mount, 'mountPath') ?? '';
    const cleaned = comparablePath(path);
    const isTwice = paths.has(cleaned);
    paths.add(cleaned);
    const wrong = isTwice ? 'is a second mount at this path' : mountFault(mount, cleaned, written);
    if (wrong !== undefined)
      findings.add(() =>
        altered(
          container,
          `has volume ${quote(textField(mount, 'name') ?? '')} at ${quote(path)}, which ${wrong}`,
        ),
      );
  }
}

function mountFault(mount: JsonObject, path: string, written: Written['mounts']): string | undefined {
  const own = written.find(
    ({ name, mountPath }) => name === mount['name'] && comparablePath(String(mountPath)) === path,
  );
  if (own !== undefined) {
    if (mount['subPath'] || mount['subPathExpr']) return 'has a subPath';
    return (mount['readOnly'] ?? false) === (own['readOnly'] ?? false)
      ? undefined
      : 'has another value of readOnly';
  }
  if (isViewVolume(textField(mount, 'name') ?? '')) return 'is a secrets volume at another path';
  if (mount['name'] === ROLE_TOKEN_VOLUME)
    return `is the volume for ${annotationKey('role-arn')}, which the injector does not mount here`;
  const replaced =
    replacedBy(path) ?? written.map((one) => String(one['mountPath'])).find((one) => covers(one, path));
  return replaced === undefined ? undefined : `would replace files of the container below ${replaced}`;
}

/** Whether a field has a value other than those that mean nothing. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  const elements = asArray(value) ?? (asObject(value) === undefined ? undefined : Object.keys(value));
  return elements === undefined || elements.length > 0;
}

function altered({ list, index, name }: Container, what: string): Problem {
  return {
    code: 'POD_CONTAINER_ALTERED',
    subject: `${list}[${index}]`,
    wrong: `container ${name} (injected) ${what}`,
    expected: `exclude ${name} in the webhook that sets it, or remove it from the manifest`,
  };
}

function refused({ list, index, name }: Container, variable: string, what: string): Problem {
  return {
    code: 'POD_VARIABLE_REFUSED',
    subject: `${list}[${index}].env`,
    wrong: `variable ${quote(variable)} of container ${name} (injected) ${what}`,
    expected: `exclude ${name} in the webhook that sets the variable, or remove it from the manifest`,
  };
}
