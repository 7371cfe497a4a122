/**
 * Plans with random changes: whatever the guard accepts, and the fetcher would follow, means the same as the plan of the
 * injector. The guard reads the text of a plan, and the fetcher parses it, so this compares the two readings.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Plan } from '../../../../../src/core/plan/plan.ts';
import { readPlan } from '../../../../../src/core/plan/read-plan.ts';
import { type Api, NAMESPACE_LABEL } from '../../api.ts';
import { REJECTING } from '../../guard.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import { altered, fetcher, type InjectedPod } from './alter.ts';

const MUTATIONS = Number(process.env['PROPERTY_RUNS'] ?? 3000);
const MEMBERS = [
  'views',
  'secrets',
  'env',
  'files',
  'receivers',
  'key',
  'name',
  'secret',
  'volume',
  'optional',
  'format',
  'refresh',
  'seconds',
  'onChange',
  'url',
];

const ANNOTATIONS = {
  'secrets-injector.dev/secret.db': arnOf('db'),
  'secrets-injector.dev/env.A': 'db:a',
  'secrets-injector.dev/env.B': `${arnOf('other')}:b:AWSPREVIOUS`,
  'secrets-injector.dev/file.f': 'db',
  'secrets-injector.dev/env-from.all': 'db',
  'secrets-injector.dev/file-from.dir': arnOf('other'),
  'secrets-injector.dev/containers': 'app',
  'secrets-injector.dev/env-mode': 'file',
  'secrets-injector.dev/refresh': '5m',
  'secrets-injector.dev/on-change': 'http://localhost:8080/reload, touch:reloaded, signal:HUP',
};

/** How to change a list of tokens: what, where, and from where. */
const mutation = fc.tuple(fc.nat({ max: 8 }), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 12 }));

export function guardedMutations(api: () => Api): void {
  it('a changed plan is rejected, or invalid, or means the same', async () => {
    const namespace = await api().namespace({ [NAMESPACE_LABEL]: 'enabled', ...REJECTING });
    const containers = ['app', 'other'].map((name) => ({ name, command: ['sh', '-c', 'true'] }));
    const asking = pod(namespace, {
      annotations: ANNOTATIONS,
      containers,
      spec: { shareProcessNamespace: true, securityContext: { runAsUser: 1000 } },
    });
    const injected = injectedPod(asking, namespace, {
      sidecars: { can: true },
    }) as unknown as InjectedPod;
    const original = String(fetcher(injected.spec).env[0]?.['value']);
    const seed = Number(process.env['GUARD_SEED'] ?? Date.now());
    const mutations = fc.sample(fc.array(mutation, { minLength: 1, maxLength: 2 }), {
      seed,
      numRuns: MUTATIONS,
    });
    const plans = new Map<string, string>();
    for (const [index, steps] of mutations.entries()) {
      const text = steps.reduce(mutated, original);
      if (text !== original && readPlan(text).ok) plans.set(`mutated-${index}`, text);
    }
    const items = [...plans].map(([name, text]) => {
      const { metadata, ...rest } = altered(injected, (spec) => {
        Object.assign(fetcher(spec).env[0] ?? {}, { value: text });
      });
      return { ...rest, metadata: { ...metadata, name } };
    });
    const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items };
    const { stdout, stderr } = await api().create(list, '--dry-run=server', '--output=name');
    const passed = stdout.split('\n').filter((line) => line !== '');
    expect(items.length, 'valid plans').toBeGreaterThan(MUTATIONS / 20);
    expect(stderr.split(' is forbidden: ').length - 1 + passed.length).toBe(items.length);
    for (const name of passed) {
      const text = plans.get(name.replace('pod/', '')) ?? '';
      expect(meaning(text), `GUARD_SEED=${seed}: ${text}`).toEqual(meaning(original));
    }
  });
}

function mutated(text: string, [what, at, from, length]: readonly [number, number, number, number]): string {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[0-9]+|[{}[\],:]|true|\s/g) ?? [];
  const place = at % tokens.length;
  const source = from % tokens.length;
  const other = tokens[source] ?? '';
  switch (what) {
    case 0:
      tokens.splice(place, length % 3);
      break;
    case 1:
      tokens.splice(place, 0, other);
      break;
    case 2:
      tokens.splice(place, 1, other);
      break;
    case 3:
      tokens.splice(place, 0, ...tokens.slice(source, source + length));
      break;
    case 4:
      tokens.splice(place, 1, escaped(tokens[place] ?? '', from));
      break;
    case 5:
      tokens.splice(place, 0, ' ');
      break;
    case 6: {
      // A whole member again, with another value inside: the last one takes effect.
      const [, member = '', value = ''] = /("(?:secrets|views)":)(\[.*\])(?=,"views"|\}$)/.exec(text) ?? [];
      const changed = value.replace(
        from % 2 === 0 ? '"app"' : '"secret":0',
        from % 2 === 0 ? '"other"' : '"secret":1',
      );
      const name = from % 3 === 0 ? escaped(member.slice(0, -1), from) : member.slice(0, -1);
      tokens.splice(tokens.length - 1, 0, `,${name}${from % 5 === 0 ? ' ' : ''}:${changed}`);
      break;
    }
    case 7:
      tokens.splice(
        place,
        0,
        ',',
        `"${MEMBERS[from % MEMBERS.length]}"`,
        ':',
        tokens[(source + length) % tokens.length] ?? '',
      );
      break;
    default:
      tokens.splice(place, 0, ...tokens.splice(source, length));
  }
  return tokens.join('');
}

/** A string with one of its characters as an escape, which JSON.parse reads as the same text. */
function escaped(token: string, at: number): string {
  if (!/^"[^\\]+"$/.test(token)) return token;
  const place = 1 + (at % (token.length - 2));
  const code = token.charCodeAt(place).toString(16).padStart(4, '0');
  return `${token.slice(0, place)}\\u${code}${token.slice(place + 1)}`;
}

/**
 * What a plan does. The guard does not compare the deadline, or the list of declared variables, which depends on the pod;
 * and a reference or an action that occurs twice, or elsewhere in its list, is harmless.
 */
function meaning(text: string): unknown {
  const { secrets, views, refresh } = JSON.parse(text) as Plan;
  const once = (list: readonly object[]) => [...new Set(list.map((one) => JSON.stringify(one)))];
  return {
    refresh: { ...refresh, onChange: once(refresh?.onChange ?? []).sort() },
    views: views.map(({ declared: _declared, env, envFrom, files, filesFrom, ...view }) => ({
      view,
      secrets: once(secrets),
      lists: [env, envFrom, files, filesFrom].map(once),
    })),
  };
}
