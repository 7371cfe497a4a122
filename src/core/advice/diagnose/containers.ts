/** Explains the states of containers: why one ended, and why one does not start. */
import { CHECK_NAME, FETCHER_NAME } from '../../additions/injected-objects.ts';
import { field, integerField, textField } from '../../json.ts';
import { parseVersions } from '../../plan/versions.ts';
import { FETCH_CODES, type FetchRow } from '../../problems/fetch-codes.ts';
import { problemAnchor } from '../../problems/problems.ts';
import { printable } from '../../problems/quote.ts';
import {
  type Diagnosis,
  type Explanation,
  kubectl,
  type Place,
  shownMessage,
  withoutMarkup,
  word,
} from './diagnosis.ts';

/** @param status of a container @param place its pod @returns what is wrong, if anything is */
export function diagnoseContainer(status: unknown, place: Place): readonly Diagnosis[] {
  const name = textField(status, 'name') ?? '';
  const subject = `container ${printable(name)}`;
  const waiting = field(field(status, 'state'), 'waiting');
  const found: Diagnosis[] = [];
  const ended = endOf(status);
  if (ended !== undefined) {
    const restarts = integerField(status, 'restartCount') ?? 0;
    const often = restarts === 0 ? '' : restarts === 1 ? ', 1 restart' : `, ${restarts} restarts`;
    const exit = integerField(ended, 'exitCode') ?? 0;
    // That of an application can contain anything.
    const message = textField(ended, 'message') ?? '';
    const { what, next } = explainEnd(
      { name, exit, message, reason: textField(ended, 'reason') ?? '' },
      place,
    );
    found.push({
      subject,
      what: `${what} (exit code ${exit}${often})`,
      messages: isInjected(name) ? linesOf(message) : [],
      next,
    });
  }
  const reason = textField(waiting, 'reason') ?? '';
  const message = textField(waiting, 'message') ?? '';
  const explained = explainWaiting({ name, reason, message }, place);
  if (explained !== undefined) found.push({ subject, ...explained, messages: shownMessage(message) });
  return found;
}

/** The last end with another exit code than 0, unless the container has succeeded or runs again. */
function endOf(status: unknown): unknown {
  const isOver = (end: unknown): boolean => (integerField(end, 'exitCode') ?? 0) !== 0;
  const now = field(field(status, 'state'), 'terminated');
  if (now !== undefined) return isOver(now) ? now : undefined;
  if (field(status, 'ready') === true) return undefined;
  const last = field(field(status, 'lastState'), 'terminated');
  return isOver(last) ? last : undefined;
}

interface End {
  readonly name: string;
  readonly exit: number;
  /** The termination message. */
  readonly message: string;
  readonly reason: string;
}

/** The lines of a termination message, without the record of versions. */
function linesOf(message: string): readonly string[] {
  const lines = message.split('\n').filter((line) => parseVersions(line) === undefined);
  return shownMessage(lines.join('\n'));
}

function explainEnd(end: End, place: Place): Explanation {
  const { name, exit, reason } = end;
  const logs = kubectl(place, `logs ${place.name} -c ${word(name)} --previous`);
  if (reason === 'OOMKilled')
    return {
      what: 'it was killed, because it reached its memory limit',
      next: isInjected(name)
        ? ['Set or raise the annotation secrets-injector.dev/memory-limit.']
        : [`Raise the memory limit of ${word(name)}.`, logs],
    };
  if (reason === 'ContainerCannotRun' || reason === 'StartError')
    return {
      what: 'its program could not be started',
      next: isInjected(name)
        ? [
            'Check the image of the injector, and whether another webhook changed the container.',
            DESCRIBE(place),
          ]
        : ['Check the command of the container: in shell mode, its image needs the shell.', DESCRIBE(place)],
    };
  if (!isInjected(name)) return { what: 'the application ended', next: [logs] };
  if (exit === 137) return { what: 'it was killed', next: [KILLED, DESCRIBE(place)] };
  return explainExit(end, logs);
}

const KILLED = 'Raise the annotation memory-limit, unless the node or the pod was being stopped.';
const DESCRIBE = (place: Place): string => kubectl(place, `describe pod ${place.name}`);

/** Explains the end of an injected container by its codes, or, if the message is lost, by the exit code. */
function explainExit({ exit, message }: End, logs: string): Explanation {
  const rows = Object.entries<FetchRow>(FETCH_CODES);
  const named = rows.filter(([code]) => new RegExp(`^${code} `, 'm').test(message));
  const [first] = named;
  if (first !== undefined)
    return {
      what: `${named.map(([code]) => code).join(', ')}: ${withoutMarkup(first[1].meaning)}`,
      next: [...named.map(([code, row]) => `${withoutMarkup(row.action)} (${pageOf(code)})`), logs],
    };
  const possible = rows.filter(([, row]) => row.exit === exit).map(([code]) => code);
  return possible.length === 0
    ? { what: 'it ended with an exit code that the injector does not use', next: [logs] }
    : { what: `it left no message; the exit code stands for ${possible.join(', ')}`, next: [logs] };
}

function pageOf(code: string): string {
  return `docs/reference/problems.md#${problemAnchor(code)}`;
}

function isInjected(name: string): boolean {
  return name === FETCHER_NAME || name === CHECK_NAME;
}

interface Waiting {
  readonly name: string;
  readonly reason: string;
  readonly message: string;
}

const PULLS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
]);

/** Explains a reason of kubelet. @returns undefined if the container only waits for others, or if its end says why */
export function explainWaiting({ name, reason, message }: Waiting, place: Place): Explanation | undefined {
  if (PULLS.has(reason)) return explainPull(name, place);
  switch (reason) {
    case 'CreateContainerConfigError':
      return explainConfig(message, place);
    case 'CreateContainerError':
    case 'RunContainerError':
      return {
        what: 'the container runtime cannot start it',
        next: [
          'Follow the message: often, its command or a mount does not exist in the image.',
          DESCRIBE(place),
        ],
      };
    default:
      return undefined;
  }
}

/** Explains that an image cannot be pulled. */
export function explainPull(name: string, place: Place): Explanation {
  return isInjected(name)
    ? {
        what: 'the node cannot pull the image of the injector; it uses the imagePullSecrets of the pod',
        next: [
          'Make the image readable for all nodes, or add a pull secret to the service account of the pod.',
          kubectl(place, `get pod ${place.name} -o jsonpath='{.spec.imagePullSecrets}'`),
        ],
      }
    : {
        what: 'the node cannot pull the image of the application',
        next: ['Check the name of the image and imagePullSecrets.', DESCRIBE(place)],
      };
}

/** Messages of kubelet about variables (`makeEnvironmentVariables` in `kubelet_pods.go` of Kubernetes 1.35). */
function explainConfig(message: string, place: Place): Explanation {
  const fetcherLogs = kubectl(place, `logs ${place.name} -c ${FETCHER_NAME}`);
  if (message.includes("couldn't parse env file"))
    return {
      what: 'kubelet cannot read the env file that the fetcher wrote for native variables: it is missing, or something changed it',
      next: [
        fetcherLogs,
        `Create the pod again: ${kubectl(place, `delete pod ${place.name}`)}`,
        'If it happens again, set the annotation env-mode to shell or file, and report it with the version of the kubelet (kubectl get nodes).',
      ],
    };
  const [, missing] = /environment variable key "([^"]*)" not found in file/.exec(message) ?? [];
  if (missing !== undefined)
    return {
      what: `the env file of the fetcher has no value for the native variable ${printable(missing)}, or an empty one`,
      next: [fetcherLogs, 'Store a value in the secret, or make the variable optional.'],
    };
  if (message.includes('referenced by FileKeyRef'))
    return {
      what: 'the volume of a native variable is missing from the pod: another webhook removed it',
      next: ['kubectl get mutatingwebhookconfigurations', DESCRIBE(place)],
    };
  return {
    what: 'kubelet cannot create it: something that the pod refers to is missing',
    next: ['Create the object that the message names.', DESCRIBE(place)],
  };
}
