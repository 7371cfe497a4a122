/** The part of the chart's values schema that follows from the table of settings. */
import type { JsonObject } from '../../../../src/core/json.ts';
import { policySchema } from '../../../../src/core/policy/json-schema.ts';
import { settingDefault } from '../../../../src/runtime/settings/help.ts';
import type { Definitions, Setting } from '../../../../src/runtime/settings/settings.ts';

/** Settings that other values of the chart set, or that its object names and rights fix. */
export const SET_ELSEWHERE: Readonly<Record<string, string>> = {
  image: 'image',
  'image-mirrors': 'guard.mirrors',
  'fetcher-env': 'guard.fetcherEnv',
  certificates: 'certificates.source',
  'tls-cert-file': 'certificates.secret',
  'tls-key-file': 'certificates.secret',
  'policy-file': 'policy',
  'policy-events': 'policyEvents',
  'traces-endpoint': 'traces.endpoint',
  'ca-bundle-file': 'caBundle',
  'native-variables': 'nativeVariables',
  namespace: 'the namespace of the release',
  service: 'fixed',
  'ca-secret': 'fixed',
  registrations: 'fixed',
};

/** `ca-lifetime` is `caLifetime`. */
export function valueName(setting: string): string {
  return setting.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The same for the settings of the rollout controller. */
export const SET_ELSEWHERE_FOR_ROLLOUT: Readonly<Record<string, string>> = {
  'ca-bundle-file': 'caBundle',
  namespace: 'the namespace of the release',
  lease: 'fixed',
  'probe-port': 'fixed',
  'metrics-port': 'fixed',
};

/** The schema of the value `settings`. */
export function settingsSchema(definitions: Definitions): JsonObject {
  return schemaOfSettings('the webhook', definitions, SET_ELSEWHERE);
}

/** The schema of the value `rollout.settings`. */
export function rolloutSettingsSchema(definitions: Definitions): JsonObject {
  return schemaOfSettings('the rollout controller', definitions, SET_ELSEWHERE_FOR_ROLLOUT);
}

function schemaOfSettings(
  program: string,
  definitions: Definitions,
  elsewhere: Readonly<Record<string, string>>,
): JsonObject {
  const own = Object.entries(definitions).filter(([name]) => !(name in elsewhere));
  return {
    type: 'object',
    description: `Settings of ${program}, in camel case. Unset settings have their defaults.`,
    additionalProperties: false,
    properties: Object.fromEntries(own.map(([name, setting]) => [valueName(name), schemaOf(name, setting)])),
  };
}

function schemaOf(name: string, { kind, fallback, doc }: Setting<unknown>): JsonObject {
  const text = settingDefault({ kind, fallback, doc });
  const description = `${doc}${text === undefined ? '' : ` By default, ${text}.`}`;
  const one = { ...(kind.yaml ?? { type: 'string', minLength: 1 }) };
  // With 0, the system would choose a port that no probe knows.
  if (name.endsWith('-port')) Object.assign(one, { minimum: 1 });
  return kind.merge === undefined
    ? { ...one, description }
    : { type: 'array', items: { ...one, description: `Accepts ${kind.expects}.` }, description };
}

/** The definitions of the policy's schema. Their keywords mean the same in draft 7, which older Helm requires. */
export function policyDefinitions(): Readonly<Record<string, unknown>> {
  const text = JSON.stringify(policySchema()['$defs']);
  return JSON.parse(text.replaceAll('"#/$defs/', '"#/definitions/'));
}
