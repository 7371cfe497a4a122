/** Whether the policies of the guard are in place. */
import { asArray, field, textField } from '../../../core/json.ts';
import { type Check, type Finding, finding, okay, some } from '../check.ts';
import { readAll } from '../facts.ts';

/** The policies, and whether they reject pods or warn. The same as in manifests/base/guard; a test compares them. */
export const GUARD_POLICIES: Readonly<Record<string, 'Deny' | 'Warn'>> = {
  'aws-secrets-injector': 'Deny',
  'aws-secrets-injector-containers': 'Deny',
  'aws-secrets-injector-ephemeral-containers': 'Deny',
  'aws-secrets-injector-identity': 'Deny',
  'aws-secrets-injector-image': 'Deny',
  'aws-secrets-injector-near-prefixes': 'Warn',
  'aws-secrets-injector-not-opted-in': 'Deny',
  'aws-secrets-injector-plan': 'Deny',
  'aws-secrets-injector-workloads': 'Warn',
};

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const INSTALL = 'Install it: see "The guard" in manifests/README.md';

export const guard: Check = {
  name: 'guard',
  about: 'The policies of the guard, their bindings, and the warnings of the API server about them.',
  async run({ api }, signal) {
    const read = (resource: string) =>
      readAll(api, { path: `${GROUP}/${resource}`, right: `list ${resource}` }, signal);
    const policies = await read('validatingadmissionpolicies');
    if (!policies.ok) return [policies.problem];
    const bindings = await read('validatingadmissionpolicybindings');
    if (!bindings.ok) return [bindings.problem];
    return judge(policies.value, bindings.value);
  },
};

function judge(policies: readonly unknown[], bindings: readonly unknown[]): readonly Finding[] {
  const names = Object.keys(GUARD_POLICIES);
  const found = new Map(policies.map((one) => [textField(field(one, 'metadata'), 'name') ?? '', one]));
  const missing = names.filter((name) => !found.has(name));
  if (missing.length === names.length)
    return [
      finding(
        'fail',
        'the guard is not installed: if the webhook is bypassed, pods start without their secrets',
        INSTALL,
      ),
    ];
  const unbound = names.filter((name) => found.has(name) && !isBound(name, bindings));
  const warned = names.filter((name) => hasWarnings(found.get(name)));
  const findings = [
    ...(missing.length === 0 ? [] : [finding('fail', `policies are missing: ${some(missing)}`, INSTALL)]),
    ...(unbound.length === 0
      ? []
      : [finding('fail', `no binding makes these policies reject or warn: ${some(unbound)}`, INSTALL)]),
    ...(warned.length === 0
      ? []
      : [
          finding(
            'warn',
            `the API server warns about expressions of ${some(warned)}`,
            `kubectl get validatingadmissionpolicy ${warned[0]} -o jsonpath='{.status.typeChecking}'`,
          ),
        ]),
  ];
  return findings.length > 0 ? findings : [okay(`all ${names.length} policies are bound`)];
}

/** A binding for some namespaces only does not count. */
function isBound(policy: string, bindings: readonly unknown[]): boolean {
  const action = GUARD_POLICIES[policy];
  return bindings.some((one) => {
    const spec = field(one, 'spec');
    const actions = asArray(field(spec, 'validationActions')) ?? [];
    return (
      textField(spec, 'policyName') === policy &&
      actions.some((each) => each === action) &&
      field(field(spec, 'matchResources'), 'namespaceSelector') === undefined
    );
  });
}

function hasWarnings(policy: unknown): boolean {
  const warnings = field(field(field(policy, 'status'), 'typeChecking'), 'expressionWarnings');
  return (asArray(warnings) ?? []).length > 0;
}
