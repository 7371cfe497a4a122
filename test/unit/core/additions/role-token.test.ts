/** Which volumes are the one for `role-arn`: what the API server defaults is accepted, everything else is not. */
import { expect, it } from 'vitest';
import { isRoleTokenVolume, roleTokenVolume } from '../../../../src/core/additions/role-token.ts';

type Json = Record<string, unknown>;
interface Parts {
  readonly volume: Json;
  readonly projected: Json;
  readonly sources: Json[];
  readonly source: Json;
  readonly token: Json;
}
type Change = (parts: Parts) => unknown;

const SETTINGS = { image: 'x' };

it.each<[what: string, change: Change]>([
  ['as written', () => {}],
  ['with the default mode', ({ projected }) => set(projected, 'defaultMode', 420)],
  ['without the default lifetime', ({ token }) => set(token, 'expirationSeconds', undefined)],
  ['with null where old libraries write it', ({ volume }) => set(volume, 'emptyDir', null)],
])('a volume %s is accepted', (_what, change) => {
  expect(changed(change)).toBe(true);
});

it.each<[what: string, change: Change]>([
  ['of another kind as well', ({ volume }) => set(volume, 'emptyDir', {})],
  ['without sources', ({ projected }) => set(projected, 'sources', [])],
  ['with a second source', ({ sources }) => sources.push({ configMap: { name: 'x' } })],
  ['with a second token', ({ sources, source }) => sources.push(structuredClone(source))],
  ['with two kinds of source in one', ({ source }) => set(source, 'configMap', { name: 'x' })],
  ['with another mode', ({ projected }) => set(projected, 'defaultMode', 256)],
  ['for another audience', ({ token }) => set(token, 'audience', 'https://aws.example')],
  ['for the API server', ({ token }) => set(token, 'audience', undefined)],
  ['with another lifetime', ({ token }) => set(token, 'expirationSeconds', 86_400)],
  ['with another path', ({ token }) => set(token, 'path', 'other')],
])('a volume %s is not', (_what, change) => {
  expect(changed(change)).toBe(false);
});

it('the audience is that of the operator', () => {
  const settings = { ...SETTINGS, roleTokenAudience: 'https://aws.example' };
  expect(isRoleTokenVolume(roleTokenVolume(settings), settings)).toBe(true);
  expect(isRoleTokenVolume(roleTokenVolume(settings), SETTINGS)).toBe(false);
});

function changed(change: Change): boolean {
  const volume = structuredClone(roleTokenVolume(SETTINGS)) as Json & {
    projected: Json & { sources: Json[] };
  };
  const { projected } = volume;
  const [source = {}] = projected.sources;
  const token = source['serviceAccountToken'] as Json;
  change({ volume, projected, sources: projected.sources, source, token });
  return isRoleTokenVolume(volume, SETTINGS);
}

function set(object: Json, name: string, value: unknown): void {
  object[name] = value;
}
