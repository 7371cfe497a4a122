/** Pods of a cluster that do not start, with the messages that the fetcher, kubelet and the scheduler write. */
import fs, { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { diagnose, diagnoseEvents } from '../../../../../src/core/advice/diagnose/diagnose.ts';
import type { Diagnosis } from '../../../../../src/core/advice/diagnose/diagnosis.ts';
import { readEvent } from '../../../../../src/core/advice/diagnose/events.ts';
import { FETCH_CODES, type FetchCode } from '../../../../../src/core/problems/fetch-codes.ts';
import { exitCodeFor, reportProblems, terminated } from '../../../../../src/fetcher/process/report.ts';
import { runProgram } from '../../../../../src/kubelet-check/main.ts';

const PLACE = { kind: 'Pod', namespace: 'shop', name: 'web-1' };
const LOGS = 'kubectl -n shop logs web-1 -c aws-secrets-fetch --previous';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-diagnose-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** The termination message that a program writes. */
function messageOf(write: (file: string) => void): string {
  const file = path.join(folder, 'termination-log');
  writeFileSync(file, '');
  write(file);
  return readFileSync(file, 'utf8');
}

function ofStatus(status: object): readonly Diagnosis[] {
  return diagnose({ status }, PLACE, []);
}

function ended(exitCode: number, message: string, more: object = {}, name = 'aws-secrets-fetch') {
  const terminated = { exitCode, message, reason: 'Error', ...more };
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' };
  return {
    initContainerStatuses: [{ name, restartCount: 3, state: { waiting }, lastState: { terminated } }],
  };
}

it.each(Object.keys(FETCH_CODES) as FetchCode[])('decodes what the fetcher reports: %s', (code) => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const problem = { code, subject: 'secrets-injector.dev/file.db', wrong: 'w', expected: 'e' };
  const message = messageOf((file) => reportProblems([problem], file));
  const [found] = ofStatus(ended(exitCodeFor([problem]), message));
  expect(found?.subject).toBe('container aws-secrets-fetch');
  expect(found?.what).toMatch(
    new RegExp(`^${code}: .* \\(exit code ${FETCH_CODES[code].exit}, 3 restarts\\)$`),
  );
  expect(found?.messages[0]).toBe(`${code} secrets-injector.dev/file.db: w; e`);
  expect(found?.next.at(-1)).toBe(LOGS);
});

it('decodes all problems of a report, and that of a signal', () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const problem = (code: FetchCode) => ({ code, subject: 's', wrong: 'w', expected: 'e' });
  const both = [problem('AWS_ACCESS_DENIED'), problem('SECRET_NOT_FOUND')];
  const [found] = ofStatus(
    ended(
      11,
      messageOf((file) => reportProblems(both, file)),
    ),
  );
  expect(found?.what).toContain('AWS_ACCESS_DENIED, SECRET_NOT_FOUND: ');
  expect(found?.next).toHaveLength(3);
  const signal = messageOf((file) => reportProblems([terminated('AWS does not answer')], file));
  expect(ofStatus(ended(143, signal))[0]?.messages).toEqual([signal]);
});

it('decodes what the kubelet check reports', () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(fs, 'writeSync').mockReturnValueOnce(0);
  mkdirSync(path.join(folder, 'root/dev'), { recursive: true });
  const file = path.join(folder, 'root/dev/termination-log');
  writeFileSync(file, '');
  const before = process.exitCode;
  runProgram(['--root', path.join(folder, 'root')], { NODE_NAME: 'node-1' });
  const exit = Number(process.exitCode);
  process.exitCode = before;
  const [found] = ofStatus(ended(exit, readFileSync(file, 'utf8'), {}, 'aws-secrets-check'));
  expect(found).toMatchObject({
    subject: 'container aws-secrets-check',
    what: expect.stringMatching(/^KUBELET_TOO_OLD: .* \(exit code 16, 3 restarts\)$/),
  });
});

it('an exit code without a message stands for its codes', () => {
  const [found] = ofStatus(ended(13, ''));
  expect(found).toMatchObject({
    what: 'it left no message; the exit code stands for AWS_UNAVAILABLE, AWS_THROTTLED (exit code 13, 3 restarts)',
    messages: [],
    next: [LOGS],
  });
  expect(ofStatus(ended(99, ''))[0]?.what).toContain('an exit code that the injector does not use');
});

it.each([
  [
    137,
    { reason: 'OOMKilled' },
    'it was killed, because it reached its memory limit',
    'Set or raise the annotation secrets-injector.dev/memory-limit.',
  ],
  [137, {}, 'it was killed', 'kubectl -n shop describe pod web-1'],
  [128, { reason: 'StartError' }, 'its program could not be started', 'kubectl -n shop describe pod web-1'],
])('explains the exit code %i %j', (exit, more, what, next) => {
  const [found] = ofStatus(ended(exit, '', more));
  expect(found?.what).toContain(what);
  expect(found?.next).toContain(next);
});

it('prints no control characters of a message', () => {
  const [found] = ofStatus(ended(11, 'AWS_ACCESS_DENIED the role may not\u001b[31m read it\nsecond line'));
  expect(found?.messages).toEqual(['AWS_ACCESS_DENIED the role may not?[31m read it', 'second line']);
});

it('never prints the message of an application', () => {
  const found = ofStatus(ended(1, 'password is hunter2', {}, 'app'));
  expect(found).toMatchObject([{ subject: 'container app', messages: [] }]);
  expect(JSON.stringify(found)).not.toContain('hunter2');
});

it('a container that runs again, or has succeeded, is not reported', () => {
  const lastState = { terminated: { exitCode: 13, message: '' } };
  const running = { name: 'aws-secrets-fetch', ready: true, state: { running: {} }, lastState };
  const done = { name: 'aws-secrets-fetch', state: { terminated: { exitCode: 0 } }, lastState };
  expect(ofStatus({ initContainerStatuses: [running, done] })).toEqual([]);
});

function waiting(reason: string, message: string, name = 'app') {
  return { containerStatuses: [{ name, state: { waiting: { reason, message } } }] };
}

it.each([
  [
    'CreateContainerConfigError',
    "couldn't parse env file",
    'app',
    'kubelet cannot read the env file',
    'kubectl -n shop logs web-1 -c aws-secrets-fetch',
  ],
  [
    'CreateContainerConfigError',
    'environment variable key "DB_PASSWORD" not found in file "/var/lib/kubelet/pods/x/env"',
    'app',
    'no value for the native variable DB_PASSWORD',
    'Store a value in the secret, or make the variable optional.',
  ],
  [
    'CreateContainerConfigError',
    'cannot find the volume "aws-secrets" referenced by FileKeyRef',
    'app',
    'the volume of a native variable is missing',
    'kubectl get mutatingwebhookconfigurations',
  ],
  [
    'CreateContainerConfigError',
    'configmap "web" not found',
    'app',
    'something that the pod refers to is missing',
    'Create the object that the message names.',
  ],
  [
    'RunContainerError',
    'exec: "sh": executable file not found in $PATH',
    'app',
    'the container runtime cannot start it',
    'kubectl -n shop describe pod web-1',
  ],
  [
    'ImagePullBackOff',
    'Back-off pulling image "registry.example/x:1"',
    'aws-secrets-fetch',
    'the node cannot pull the image of the injector',
    "kubectl -n shop get pod web-1 -o jsonpath='{.spec.imagePullSecrets}'",
  ],
  [
    'ErrImagePull',
    'not found',
    'app',
    'the node cannot pull the image of the application',
    'kubectl -n shop describe pod web-1',
  ],
])('explains what kubelet reports: %s %s', (reason, message, name, what, next) => {
  const [found] = ofStatus(waiting(reason, message, name));
  expect(found).toMatchObject({ subject: `container ${name}`, messages: [message] });
  expect(found?.what).toContain(what);
  expect(found?.next).toContain(next);
});

it('a container that waits for others is not reported', () => {
  expect(ofStatus(waiting('PodInitializing', ''))).toEqual([]);
});

it('explains a pod without a node, and one that its node ended', () => {
  const message = '0/3 nodes are available: 3 Insufficient cpu, 1 Insufficient memory. preemption: 0/3 nodes';
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  expect(ofStatus({ phase: 'Pending', conditions })).toMatchObject([
    { what: expect.stringContaining('no node has enough cpu and memory'), messages: [message] },
  ]);
  const taint = [
    { ...conditions[0], message: '0/1 nodes are available: 1 node(s) had untolerated taint(s)' },
  ];
  expect(ofStatus({ conditions: taint })[0]?.what).toBe('no node fits the pod');
  const evicted = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' };
  expect(ofStatus(evicted)).toMatchObject([{ what: 'the pod was ended (Evicted)' }]);
  const late = {
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than x',
  };
  expect(ofStatus(late)[0]?.next[0]).toContain('activeDeadlineSeconds');
});

function event(reason: string, message: string, more: object = {}): object {
  return {
    kind: 'Event',
    type: 'Warning',
    reason,
    message,
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1', ...more },
    count: 7,
  };
}

it.each([
  [
    'FailedScheduling',
    '0/1 nodes are available: 1 Insufficient memory.',
    undefined,
    'no node has enough memory',
  ],
  [
    'FailedMount',
    'MountVolume.SetUp failed for volume "aws-secrets-token" : failed to fetch token: x',
    undefined,
    'the cluster does not issue the service account token',
  ],
  [
    'FailedMount',
    'MountVolume.SetUp failed for volume "c" : configmap "c" not found',
    undefined,
    'a volume of the pod cannot be mounted',
  ],
  ['Failed', "Error: couldn't parse env file", 'spec.containers{app}', 'kubelet cannot read the env file'],
  [
    'Failed',
    'Failed to pull image "x": not found',
    'spec.initContainers{aws-secrets-fetch}',
    'the image of the injector',
  ],
  [
    'Unhealthy',
    'Startup probe failed: ',
    'spec.initContainers{aws-secrets-fetch}',
    'has not delivered the secrets yet',
  ],
  [
    'POLICY_DENIED',
    'POLICY_DENIED secrets-injector.dev/file.x: rule a; ask',
    undefined,
    'a rule of the operator rejected the pod',
  ],
  [
    'FailedCreate',
    'Error creating: pods "x" is forbidden: exceeded quota: q, requested: x',
    undefined,
    'the ResourceQuota q',
  ],
])('explains an Event: %s %s', (reason, message, fieldPath, what) => {
  const old = event(reason, message, { fieldPath });
  const { message: note, involvedObject: regarding, ...rest } = old as Record<string, unknown>;
  for (const form of [old, { ...rest, note, regarding, count: undefined, series: { count: 7 } }]) {
    const read = readEvent(form);
    const [found] = diagnoseEvents(read === undefined ? [] : [read]);
    expect(found?.what).toContain(what);
    expect(found?.what).toMatch(/ \(7 times\)$/);
  }
});

it.each([{ name: 'web; rm -rf ~' }, { namespace: '$(x)' }, { kind: 'Pod\u001b[31m' }])(
  'an Event about what cannot exist is not read: %j',
  (involvedObject) => {
    expect(readEvent(event('FailedMount', 'x', involvedObject))).toBeUndefined();
  },
);

it('no command contains text that is not a name', () => {
  const found = ofStatus(ended(1, '', {}, 'app; rm -rf ~'));
  expect(found[0]?.next).toEqual(['kubectl -n shop logs web-1 -c NAME --previous']);
});

it('leaves out Events that do not prevent a start', () => {
  expect(readEvent({ ...event('Pulled', 'x'), type: 'Normal' })).toBeUndefined();
  expect(readEvent({})).toBeUndefined();
  for (const [reason, message] of [
    ['Unhealthy', 'Readiness probe failed'],
    ['Failed', 'Error: x'],
    ['BackOff', 'x'],
  ] as const) {
    const read = readEvent(event(reason, message));
    expect(diagnoseEvents(read === undefined ? [] : [read])).toEqual([]);
  }
});

it('reports a cause once if the status and Events contain it', () => {
  const read = readEvent(
    event('Failed', "Error: couldn't parse env file", { fieldPath: 'spec.containers{app}' }),
  );
  const status = waiting('CreateContainerConfigError', "couldn't parse env file");
  expect(diagnose({ status }, PLACE, read === undefined ? [] : [read])).toHaveLength(1);
});

it('explains conditions of workloads', () => {
  const message = 'pods "web-x" is forbidden: exceeded quota: q, requested: x';
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }];
  const place = { ...PLACE, kind: 'Deployment', name: 'web' };
  expect(diagnose({ status: { conditions } }, place, [])).toMatchObject([
    { subject: 'Deployment/shop/web', what: expect.stringContaining('the ResourceQuota q') },
  ]);
  const failed = [
    { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the limit' },
  ];
  expect(diagnose({ status: { conditions: failed } }, { ...place, kind: 'Job' }, [])).toMatchObject([
    {
      what: 'the Job has failed (BackoffLimitExceeded)',
      next: [
        'kubectl -n shop get pods -l batch.kubernetes.io/job-name=web -o json | aws-secrets-injector describe -',
      ],
    },
  ]);
});
