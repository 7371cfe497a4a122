/**
 * Explains why the API server rejected a pod, by its message, which Events and conditions of workloads contain. The forms of the
 * messages: `statuserror.go` and the dispatchers of policies in k8s.io/apiserver, `errors.go` in k8s.io/apimachinery, and the
 * admission plugins of Kubernetes 1.35.
 */
import { ADMISSION_CODES, type AdmissionRow } from '../../problems/admission-codes.ts';
import { problemAnchor } from '../../problems/problems.ts';
import { printable } from '../../problems/quote.ts';
import { type Explanation, kubectl, type Place, withoutMarkup } from './diagnosis.ts';
import { explainFailedCall } from './webhook-calls.ts';

interface Row {
  readonly pattern: RegExp;
  /** @param found the groups of the pattern */
  explain(found: readonly string[], place: Place, message: string): Explanation;
}

const OPT_IN = 'secrets-injector.dev/injection=enabled';
const REGISTRATIONS = 'kubectl get mutatingwebhookconfigurations';
const DOCTOR = 'aws-secrets-injector doctor';

/** The first row that matches explains the message. */
const ROWS: readonly Row[] = [
  {
    pattern: /admission webhook "[\w.-]*secrets-injector\.dev" denied the request/,
    explain: (_, __, message) => explainCodes(message),
  },
  {
    pattern: /admission webhook "([\w.-]+)" denied the request/,
    explain: ([name = '']) => ({
      what: `the webhook ${name}, which is not the injector's, rejected the pod`,
      next: [
        `Ask who operates it: ${REGISTRATIONS},validatingwebhookconfigurations | grep ${name}`,
        'If it rejects the injected container, exclude aws-secrets-fetch there.',
      ],
    }),
  },
  {
    pattern: /failed calling webhook "[\w.-]*secrets-injector\.dev": (.*)/s,
    explain: ([why = '']) => {
      const { what, next } = explainFailedCall(why);
      return { what: `the injector could not be called: ${what}`, next: [next, DOCTOR] };
    },
  },
  {
    pattern: /failed calling webhook "([\w.-]+)"/,
    explain: ([name = '']) => ({
      what: `the API server cannot call the webhook ${name}, which is not the injector's`,
      next: [`${REGISTRATIONS},validatingwebhookconfigurations | grep ${name}`],
    }),
  },
  {
    pattern: /ValidatingAdmissionPolicy 'aws-secrets-injector-not-opted-in'/,
    explain: (_, { namespace }, message) =>
      message.includes('is not supported')
        ? {
            what: `the guard rejected the pod: injection is not possible in the namespace ${namespace}`,
            next: ['Create the pod in another namespace, or remove its annotations secrets-injector.dev/…'],
          }
        : {
            what: `the guard rejected the pod, because its namespace has not opted in`,
            next: [`kubectl label namespace ${namespace} ${OPT_IN}`],
          },
  },
  {
    pattern: /ValidatingAdmissionPolicy 'aws-secrets-injector' .*was not injected/s,
    explain: () => ({
      what: 'the guard rejected the pod, because the webhook did not inject it',
      next: [DOCTOR, `${REGISTRATIONS} aws-secrets-injector`],
    }),
  },
  {
    pattern: /ValidatingAdmissionPolicy 'aws-secrets-injector(?:-[\w-]+)?'/,
    explain: () => ({
      what: 'the guard rejected the pod, because the injection is incomplete or was changed',
      next: ['Follow the message.', `Find the webhook that changes pods: ${REGISTRATIONS}`],
    }),
  },
  {
    pattern: /ValidatingAdmissionPolicy '([\w.-]+)'/,
    explain: ([name = '']) => ({
      what: `the policy ${name}, which is not the injector's, rejected the pod`,
      next: [`kubectl get validatingadmissionpolicy ${name} -o yaml`],
    }),
  },
  {
    pattern: /violates PodSecurity "([\w:.-]+)": (.*)/s,
    explain: ([level = '', violations = ''], { namespace }) => ({
      what: violations.includes('aws-secrets-')
        ? `Pod Security (${level}) rejected the pod and names an injected container, which another webhook must have changed`
        : `Pod Security (${level}) rejected the pod, because of its own containers; the injected ones satisfy the level restricted`,
      next: [
        'Correct the fields that the message names.',
        `kubectl get namespace ${namespace} --show-labels`,
      ],
    }),
  },
  {
    pattern: /failed quota: ([\w.-]+): must specify ([\w./,-]+) for: ([\w.,-]+)/,
    explain: ([name = '', resources = '', containers = ''], place) => ({
      what: `the ResourceQuota ${name} requires ${resources} of every container, but ${containers} does not set it`,
      next: [
        containers.includes('aws-secrets-')
          ? 'Set the annotations cpu-request, cpu-limit, memory-request and memory-limit.'
          : 'Set resources of the container in the pod template.',
        kubectl(place, `describe resourcequota ${name}`),
      ],
    }),
  },
  {
    pattern: /(?:exceeded|failed) quota: ([\w.-]+)/,
    explain: ([name = ''], place) => ({
      what: `the ResourceQuota ${name} does not allow the pod, whose largest init container counts as well`,
      next: [
        kubectl(place, `describe resourcequota ${name}`),
        'Raise the quota, or set the annotations cpu-request, cpu-limit, memory-request and memory-limit.',
      ],
    }),
  },
  {
    pattern: /((?:minimum|maximum) [\w./-]+ usage per (?:Container|Pod)|max limit to request ratio)/,
    explain: (_, place) => ({
      what: 'a LimitRange does not allow the resources of the pod or of its injected container',
      next: [
        kubectl(place, 'describe limitrange'),
        'Set the annotations cpu-request, cpu-limit, memory-request and memory-limit.',
      ],
    }),
  },
  {
    pattern: /must specify one of: [^\n]*fileKeyRef/,
    explain: () => ({
      what: 'another webhook, which uses an older Kubernetes API version, dropped fields of native variables (status 422)',
      next: [
        `Find it: ${REGISTRATIONS}`,
        'Update it, or add the second registration (manifests/README.md), or set the annotation env-mode to shell or file.',
      ],
    }),
  },
  {
    pattern: /must specify one of: /,
    explain: () => ({
      what: 'the API server does not support native variables (status 422)',
      next: [
        'Set the setting native-variables of the webhook to off, or the annotation env-mode to shell or file.',
        'kubectl version',
      ],
    }),
  },
  {
    pattern: /(?:startup|readiness)Probe: Forbidden/,
    explain: () => ({
      what: 'another webhook, which uses an older Kubernetes API version, dropped restartPolicy of an init container (status 422)',
      next: [
        `Find it: ${REGISTRATIONS}`,
        'Update it, or add the second registration (manifests/README.md), or remove the annotation refresh.',
      ],
    }),
  },
  {
    pattern: /service ?account (?:[\w.-]+\/)?"?([\w.-]+)"?.* not found/i,
    explain: (_, place) => ({
      what: 'the service account of the pod does not exist',
      next: [kubectl(place, 'get serviceaccounts')],
    }),
  },
  {
    pattern: / is invalid: /,
    explain: (_, place) => ({
      what: 'the API server does not accept the pod (status 422)',
      next: [
        'Correct the field that the message names.',
        `If the manifest does not contain it, another webhook wrote it: ${REGISTRATIONS}`,
        kubectl(place, `get ${place.kind.toLowerCase()} ${place.name} -o yaml`),
      ],
    }),
  },
];

/** Explains a message about a pod that was not created. @param place the object that should have created it */
export function explainRefusal(message: string, place: Place): Explanation {
  for (const { pattern, explain } of ROWS) {
    const found = pattern.exec(message);
    if (found !== null)
      return explain(
        found.slice(1).map((one) => printable(one, 1000)),
        place,
        message,
      );
  }
  return {
    what: 'the API server rejected the pod',
    next: [kubectl(place, `describe ${place.kind.toLowerCase()} ${place.name}`)],
  };
}

/** Explains a rejection by the injector. @param text with problems of the form `CODE subject: …` */
export function explainCodes(text: string): Explanation {
  const codes = [...new Set(text.match(/\b[A-Z][A-Z_]{4,40}(?= \S[^\n]*: )/g) ?? [])];
  const rows = codes.flatMap((code) => {
    const row = rowOf(code);
    return row === undefined ? [] : [{ code, row }];
  });
  const [first] = rows;
  if (first === undefined) return { what: 'the injector rejected the pod', next: ['Follow the message.'] };
  const by = first.row.status === 403 ? 'a rule of the operator' : 'the injector';
  return {
    what: `${by} rejected the pod: ${rows.map(({ code }) => code).join(', ')}`,
    next: rows.map(
      ({ code, row }) => `${withoutMarkup(row.action)} (docs/reference/problems.md#${problemAnchor(code)})`,
    ),
  };
}

function rowOf(code: string): AdmissionRow | undefined {
  const codes: Readonly<Record<string, AdmissionRow>> = ADMISSION_CODES;
  return Object.hasOwn(codes, code) ? codes[code] : undefined;
}

/** Whether a text can be the code of a rejection, as Events of the injector have it for their reason. */
export function isAdmissionCode(text: string): boolean {
  return rowOf(text) !== undefined;
}
