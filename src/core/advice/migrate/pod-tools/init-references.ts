/** Variables whose value is the ARN of a secret: Bank-Vaults with provider aws, and kube-secrets-init. */
import { asArray, field, textField } from '../../../json.ts';
import { annotationKey } from '../../../names/annotation-keys.ts';
import { isEnvName } from '../../../names/env-names.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import type { Request } from '../form-text.ts';
import { locate } from '../locate.ts';
import { gap } from '../model.ts';
import type { Gap, ObjectReport } from '../report.ts';
import { containersOf, type Use } from '../use.ts';
import { annotationPath, annotationsOf, NO_TOOL, type PodTool, type ReadingPod } from './pod-tool.ts';

const PREFIX = 'secrets-webhook.security.bank-vaults.io/';
const SECRET = /^arn:[a-z-]+:secretsmanager:/;
const PARAMETER = /^arn:[a-z-]+:ssm:/;
const VAULT = /^(?:>>)?(?:vault|bao):/;

export function readInitReferences(reading: ReadingPod): PodTool {
  const annotations = annotationsOf(reading.pod, PREFIX);
  const isBankVaults = annotations.get('provider') === 'aws' && annotations.get('mutate') !== 'skip';
  if (!isBankVaults && !reading.options.secretsInit) return NO_TOOL;
  const uses = containersOf(reading.pod).flatMap(({ path, name, json }) =>
    (asArray(field(json, 'env')) ?? []).flatMap((item, index): readonly Use[] => {
      const value = textOf(item, reading);
      if (value === undefined || ![SECRET, PARAMETER, VAULT].some((pattern) => pattern.test(value)))
        return [];
      const variable = textField(item, 'name') ?? '';
      return [
        {
          field: `container ${name}, env ${variable}`,
          removes: [[...path, 'env', index]],
          containers: [name],
          supplies: [],
          requests: referenceOf(variable, value, reading.options),
          changed: isBankVaults
            ? 'without the changes that Bank-Vaults makes to JSON'
            : 'also if the secret is JSON, which versions of secrets-init treat in different ways',
        },
      ];
    }),
  );
  const isWhole = uses.length > 0 && uses.every(({ requests }) => requests.ok);
  const runAs = isBankVaults && isWhole ? reportAnnotations(annotations, reading.report) : {};
  return {
    uses,
    removes: isWhole ? [...annotations.keys()].map((key) => annotationPath(`${PREFIX}${key}`)) : [],
    options: runAs,
  };
}

function textOf(item: unknown, { configMapText }: ReadingPod): string | undefined {
  const reference = field(field(item, 'valueFrom'), 'configMapKeyRef');
  if (reference === undefined) return textField(item, 'value');
  return configMapText(textField(reference, 'name') ?? '', textField(reference, 'key') ?? '');
}

function referenceOf(
  name: string,
  value: string,
  options: ReadingPod['options'],
): Result<readonly Request[], Gap> {
  if (PARAMETER.test(value))
    return gap(
      'the value is a parameter of Parameter Store',
      'move it to Secrets Manager, or keep the other webhook',
    );
  if (VAULT.test(value))
    return gap(
      'the value is in Vault',
      'copy it to Secrets Manager, and request it with the annotation env.<NAME>',
    );
  const located = locate(value, { region: undefined, account: undefined }, options);
  if (!located.ok) return located;
  if (!isEnvName(name))
    return gap(`${quote(name)} is not a name that every shell accepts`, 'rename the variable');
  return ok([{ kind: 'env', name, value: { secret: { arn: located.value.arn } }, isOptional: false }]);
}

function reportAnnotations(
  annotations: ReadonlyMap<string, string>,
  report: ObjectReport,
): Readonly<Record<string, string>> {
  const options: Record<string, string> = {};
  for (const [key, value] of annotations) {
    const at = `annotation ${PREFIX}${key}`;
    if (key === 'run-as-user' || key === 'run-as-group') {
      options[annotationKey(key)] = value;
      report.carried(at, `annotation ${key}`);
    } else if (key === 'provider') report.carried(at, 'AWS Secrets Manager');
    else if (key === 'aws-region') report.carried(at, 'the Region of each ARN');
    else if (/credentials|load-from-secret/.test(key))
      report.changed(
        at,
        'the pod signs in with the IAM role of its service account: give it access to the secrets',
      );
    else if (key === 'mutate-probes')
      report.changed(
        at,
        'probes with a command have native variables; in shell mode they read the env file themselves',
      );
    else report.changed(at, 'is about the other webhook, and has no meaning without it');
  }
  return options;
}
