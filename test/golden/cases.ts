/** Golden cases: one folder each, found by listing, so that a case cannot be forgotten. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { readPolicy } from '../../src/core/policy/read.ts';
import type { InjectionSettings } from '../../src/core/settings.ts';

export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly pod: unknown;
  readonly podText: string;
  readonly namespace: string;
  readonly settings: InjectionSettings;
}

export const CASES_FOLDER = path.join(import.meta.dirname, 'cases');
export const IMAGE = 'registry.example/aws-secrets-injector:1.2.3';

interface CaseFile {
  readonly namespace?: string;
  readonly settings?: Partial<InjectionSettings>;
  /** The text of a policy file. */
  readonly policy?: string;
}

/** Every case. `case.yaml` (optional) holds `namespace`, `settings` and `policy`; `pod.yaml` the pod. */
export function goldenCases(): readonly GoldenCase[] {
  return readdirSync(CASES_FOLDER).map((name) => {
    const folder = path.join(CASES_FOLDER, name);
    const podText = readFileSync(path.join(folder, 'pod.yaml'), 'utf8');
    const caseFile = path.join(folder, 'case.yaml');
    const extra = existsSync(caseFile) ? (parse(readFileSync(caseFile, 'utf8')) as CaseFile) : {};
    return {
      name,
      folder,
      podText,
      pod: parse(podText),
      namespace: extra.namespace ?? 'shop',
      settings: { image: IMAGE, ...extra.settings, ...policyOf(extra.policy) },
    };
  });
}

function policyOf(text: string | undefined): Pick<InjectionSettings, 'policy'> {
  if (text === undefined) return {};
  const policy = readPolicy(text);
  if (!policy.ok) throw new Error(policy.problem.join('\n'));
  return { policy: policy.value };
}

/** The review that the API server would send for a pod. */
export function reviewOf(
  pod: unknown,
  namespace: string,
  uid = '11111111-2222-3333-4444-555555555555',
): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      namespace,
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: pod,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}
