/** The refresh in a plan: what the fetcher accepts, because anybody who can create a pod can write a plan. */
import { describe, expect, it } from 'vitest';
import { formatPlan, type Plan, type PlanView } from '../../../../src/core/plan/plan.ts';
import { readPlan } from '../../../../src/core/plan/read-plan.ts';
import {
  type ChangeAction,
  loopbackUrlFault,
  MOST_PLANNED_ACTIONS,
  type PlanRefresh,
} from '../../../../src/core/plan/refresh.ts';
import { arnOf, planOf, viewOf } from '../../../fetcher/plans.ts';

const REFRESH: PlanRefresh = { seconds: 300, check: 'describe' };
const VIEW: Partial<PlanView> = {
  files: [{ path: 'tls/key.pem', secret: 0 }],
  filesFrom: [{ directory: 'db', secret: 0 }],
  manifest: true,
};

function planWith(refresh: unknown): Plan {
  const { views, ...plan } = planOf([arnOf('db')], VIEW);
  const second = viewOf({ volume: 'aws-secrets-1', receivers: { native: ['web'], shell: [], file: [] } });
  return { ...plan, views: [...views, second], refresh: refresh as PlanRefresh };
}

function isRead(refresh: unknown): boolean {
  return readPlan(formatPlan(planWith(refresh))).ok;
}

function isDone(...onChange: readonly unknown[]): boolean {
  return isRead({ ...REFRESH, onChange });
}

describe('the refresh of a plan', () => {
  it.each<[what: string, refresh: unknown]>([
    ['the least', REFRESH],
    ['the shortest interval', { ...REFRESH, seconds: 30 }],
    ['the longest interval', { ...REFRESH, seconds: 86_400 }],
    ['the other check', { ...REFRESH, check: 'value' }],
    ['readiness', { ...REFRESH, required: true }],
  ])('%s is read as it was written', (_what, refresh) => {
    const plan = planWith(refresh);
    const read = readPlan(formatPlan(plan));
    expect(read.ok && read.value.plan).toEqual(plan);
  });

  it.each<[what: string, refresh: unknown]>([
    ['null', null],
    ['a list', []],
    ['no interval', { check: 'describe' }],
    ['an interval that is too short', { ...REFRESH, seconds: 29 }],
    ['an interval that is too long', { ...REFRESH, seconds: 86_401 }],
    ['half a second', { ...REFRESH, seconds: 300.5 }],
    ['text as an interval', { ...REFRESH, seconds: '300' }],
    ['no check', { seconds: 300 }],
    ['an unknown check', { ...REFRESH, check: 'list' }],
    ['an inherited name as a check', { ...REFRESH, check: 'constructor' }],
    ['required as text', { ...REFRESH, required: 'true' }],
    ['required with false', { ...REFRESH, required: false }],
    ['an empty list of actions', { ...REFRESH, onChange: [] }],
    ['one action instead of a list', { ...REFRESH, onChange: { url: 'http://localhost' } }],
    ['an unknown member', { ...REFRESH, jitter: 3 }],
  ])('%s is refused', (_what, refresh) => {
    expect(isRead(refresh)).toBe(false);
  });

  it('reads as many actions as there can be, and no more', () => {
    const actions = (count: number) => Array.from({ length: count }, () => ({ url: 'http://localhost' }));
    expect(MOST_PLANNED_ACTIONS).toBe(128);
    expect(isDone(...actions(MOST_PLANNED_ACTIONS))).toBe(true);
    expect(isDone(...actions(MOST_PLANNED_ACTIONS + 1))).toBe(false);
  });
});

describe('an action of a plan', () => {
  it.each<ChangeAction>([
    { signal: 'HUP', container: 'app' },
    { signal: 'WINCH', container: 'web' },
    { url: 'http://localhost:8080/reload' },
    { touch: 'reloaded', view: 0 },
    { touch: 'tls', view: 1 },
    { touch: '.manifest.json', view: 1 },
  ])('%j is read', (action) => {
    expect(isDone(action)).toBe(true);
  });

  it.each<[what: string, action: unknown]>([
    ['text', 'signal:HUP'],
    ['nothing', {}],
    ['two in one', { signal: 'HUP', container: 'app', url: 'http://localhost' }],
    ['a signal that cannot be handled', { signal: 'KILL', container: 'app' }],
    ['a signal with its prefix', { signal: 'SIGHUP', container: 'app' }],
    ['a signal by number', { signal: 1, container: 'app' }],
    ['an inherited name as a signal', { signal: 'toString', container: 'app' }],
    ['a signal without a container', { signal: 'HUP' }],
    ['a signal to a container that receives nothing', { signal: 'HUP', container: 'other' }],
    ['a signal to an inherited name', { signal: 'HUP', container: 'constructor' }],
    ['a URL of another host', { url: 'http://169.254.169.254/' }],
    ['a file in no view', { touch: 'reloaded', view: 2 }],
    ['a file in a view before the first', { touch: 'reloaded', view: -1 }],
    ['a file in half a view', { touch: 'reloaded', view: 0.5 }],
    ['a file in a view by name', { touch: 'reloaded', view: 'aws-secrets' }],
    ['a file without a view', { touch: 'reloaded' }],
    ['a file in a directory', { touch: 'a/b', view: 0 }],
    ['a file above the view', { touch: '..', view: 0 }],
    ['the link to the files', { touch: '..data', view: 0 }],
    ['the env file', { touch: 'env', view: 0 }],
    ['the file of the kubelet check', { touch: '.probe', view: 0 }],
    ['the manifest file', { touch: '.manifest.json', view: 0 }],
    ['a directory with a requested file', { touch: 'tls', view: 0 }],
    ['a directory with all keys', { touch: 'db', view: 0 }],
    ['no name', { touch: '', view: 0 }],
  ])('%s is refused', (_what, action) => {
    expect(isDone(action)).toBe(false);
    expect(isDone({ url: 'http://localhost' }, action)).toBe(false);
  });
});

describe('a URL of on-change', () => {
  it.each([
    'http://localhost',
    'http://localhost/',
    'http://localhost:1',
    'http://127.0.0.1:65535/-/reload',
    'http://[::1]:8080/reload?now=1&all=%20',
    'http://localhost?x',
    'http://localhost/a.b~c!d+h;i=j:k@l',
  ])('%s is called as it is written', (url) => {
    expect(loopbackUrlFault(url)).toBeUndefined();
    // Node.js sends exactly the text that was checked.
    const { host, pathname, search, username, hash } = new URL(url);
    expect(/^http:\/\/([^/?]+)/.exec(url)?.[1]).toBe(host);
    expect(['localhost', '127.0.0.1', '[::1]']).toContain(new URL(url).hostname);
    expect(url.replace(/^http:\/\/[^/?]+/, '').replace(/^(?=\?|$)/, '/')).toBe(pathname + search);
    expect(username + hash).toBe('');
  });

  it.each<[url: string, fault: string]>([
    ['https://localhost/', 'is not an http URL'],
    ['ftp://localhost/', 'is not an http URL'],
    ['localhost:8080/reload', 'is not an http URL'],
    ['', 'is not an http URL'],
    ['http://example.com/', 'names another host'],
    ['http://localhost.example.com/', 'names another host'],
    ['http://127.0.0.2/', 'names another host'],
    ['http://0.0.0.0/', 'names another host'],
    ['http://127.1/', 'names another host'],
    ['http://[::ffff:127.0.0.1]/', 'names another host'],
    ['http://LOCALHOST/', 'names another host'],
    ['http:///path', 'names another host'],
    ['http://user:password@localhost/', 'user name or password'],
    ['http://localhost@example.com/', 'user name or password'],
    ['http://localhost#@example.com/', 'fragment'],
    ['http://localhost/#top', 'fragment'],
    ['http://localhost:0/', 'has a port outside of 1 to 65535'],
    ['http://localhost:65536/', 'has a port outside of 1 to 65535'],
    ['http://localhost:/', 'is not a valid URL'],
    ['http://localhost:123456/', 'is not a valid URL'],
    ['http://localhost\\@example.com/', 'user name or password'],
    ['http://localhost/a b', 'is not a valid URL'],
    ['http://localhost/a\nb', 'is not a valid URL'],
    ['http://localhost/%2', 'is not a valid URL'],
    ['http://localhost/"', 'is not a valid URL'],
    ['http://localhost/$(HOME)', 'is not a valid URL'],
    ['http://localhost/a,b', 'is not a valid URL'],
    ['http://localhost/ä', 'is not a valid URL'],
    [`http://localhost/${'a'.repeat(496)}`, 'is longer than 512 characters'],
  ])('%j %s', (url, fault) => {
    expect(loopbackUrlFault(url)).toContain(fault);
  });
});
