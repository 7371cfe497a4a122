/** How the security context of an injected container is weaker than the one that the injector writes. */
import { securityContext } from '../additions/injected-objects.ts';
import { asArray, asObject, field, type JsonObject, textField } from '../json.ts';
import { quote } from '../problems/quote.ts';

/** The members that the injector always sets; user and group depend on the pod. */
export const HARDENED: JsonObject = securityContext({ user: undefined, group: undefined });

/**
 * Types that the `baseline` profile of the Pod Security Standards allows. Others, such as `spc_t`, lift the isolation. The
 * guard lists them as well.
 */
export const SELINUX_TYPES: readonly string[] = [
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
];

/**
 * The weaker members, each as text for a message. Missing members are added again, and members that this code does not
 * know are left alone.
 */
export function weakenedBy(context: unknown): readonly string[] {
  const given = asObject(context) ?? {};
  const weaker: string[] = [];
  if (given['privileged'] === true) weaker.push('privileged: true');
  for (const name of ['allowPrivilegeEscalation', 'readOnlyRootFilesystem', 'runAsNonRoot']) {
    const value = given[name] ?? HARDENED[name];
    if (value !== HARDENED[name]) weaker.push(`${name}: ${value === true ? 'true' : 'false'}`);
  }
  if (given['runAsUser'] === 0) weaker.push('runAsUser: 0');
  const capabilities = asObject(given['capabilities']);
  if ((asArray(field(capabilities, 'add')) ?? []).length > 0) weaker.push('added capabilities');
  if (capabilities !== undefined && asArray(capabilities['drop'])?.includes('ALL') !== true)
    weaker.push('capabilities that are not dropped');
  const procMount = textField(given, 'procMount') ?? 'Default';
  if (procMount !== 'Default') weaker.push(`procMount ${quote(procMount)}`);
  for (const profile of ['seccompProfile', 'appArmorProfile']) {
    if (textField(given[profile], 'type') === 'Unconfined') weaker.push(`${profile} Unconfined`);
  }
  const seLinux = textField(given['seLinuxOptions'], 'type') ?? '';
  if (!SELINUX_TYPES.includes(seLinux)) weaker.push(`seLinuxOptions.type ${quote(seLinux)}`);
  for (const name of ['user', 'role']) {
    const value = textField(given['seLinuxOptions'], name) ?? '';
    if (value !== '') weaker.push(`seLinuxOptions.${name} ${quote(value)}`);
  }
  if (field(given['windowsOptions'], 'hostProcess') === true) weaker.push('windowsOptions.hostProcess: true');
  return weaker;
}
