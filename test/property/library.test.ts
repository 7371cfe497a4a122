/** Requests of the library say the same as the YAML form. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readAnnotations } from '../../src/core/annotations/annotations.ts';
import { readAsked } from '../../src/core/annotations/read-asked.ts';
import { Findings } from '../../src/core/problems/findings.ts';
import { annotations, type Receives, Secret } from '../../src/library/index.ts';
import { askedForm } from './asked-forms.ts';

interface Entry {
  readonly secret: string;
  readonly versionStage?: string;
  readonly versionId?: string;
  readonly optional?: boolean;
  readonly containers?: readonly string[];
  readonly env?: Readonly<Record<string, Options>>;
  readonly files?: Readonly<Record<string, Options>>;
  readonly envFrom?: true | object;
  readonly filesFrom?: { readonly directory: string };
}

interface Options {
  readonly key?: string;
  readonly jmesPath?: string;
  readonly template?: string;
  readonly default?: string;
  readonly optional?: boolean;
}

/** The same request by methods of the library. */
function requestOf(entry: Entry): Receives {
  const { versionStage: stage, versionId: id, optional } = entry;
  const current = new Secret(entry.secret);
  const from =
    stage !== undefined ? current.atStage(stage) : id !== undefined ? current.atVersion(id) : current;
  const selected = ({ key, jmesPath, template, ...options }: Options) => {
    const all =
      optional === undefined || options.optional !== undefined || (options.default !== undefined && !optional)
        ? options
        : { ...options, optional };
    if (key !== undefined) return from.key(key, all);
    if (jmesPath !== undefined) return from.jmesPath(jmesPath, all);
    if (template !== undefined) return from.template(template, all);
    return Object.keys(all).length === 0 ? from : from.whole(all);
  };
  const values = (named: Readonly<Record<string, Options>> = {}) =>
    Object.fromEntries(Object.entries(named).map(([name, options]) => [name, selected(options)]));
  const missing = optional === undefined ? {} : { optional };
  const { envFrom, filesFrom } = entry;
  const { directory, ...keys } = filesFrom ?? {};
  return {
    env: values(entry.env),
    files: values(entry.files),
    envFrom:
      envFrom === undefined ? [] : [from.allKeys({ ...(envFrom === true ? {} : envFrom), ...missing })],
    filesFrom: directory === undefined ? {} : { [directory]: from.allKeys({ ...keys, ...missing }) },
  };
}

/** Everything that annotations request, in an order of its own. */
function requested(all: Readonly<Record<string, string>>): unknown {
  const findings = new Findings();
  const { groups, secrets } = readAsked(readAnnotations(all, findings), '', { image: '' }, findings);
  const items = groups.flatMap(({ containers, env, envFrom, files, filesFrom }) =>
    Object.entries({ env, envFrom, files, filesFrom }).flatMap(([kind, list]) =>
      list.map(({ secret, entry: _, ...item }) => ({ kind, containers, secret: secrets[secret], item })),
    ),
  );
  const sorted = items.map((item) => JSON.stringify(sortedKeys(item))).toSorted();
  return { problems: findings.problems.map(({ code }) => code).toSorted(), items: sorted };
}

function sortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, sortedKeys(one)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

it('a request by methods of the library requests what the YAML form does', () => {
  fc.assert(
    fc.property(askedForm, (form) => {
      const entries = form as readonly Entry[];
      const written = requested({ 'secrets-injector.dev/secrets': JSON.stringify(entries) });
      fc.pre((written as { problems: readonly string[] }).problems.length === 0);
      const built = annotations({
        only: entries.flatMap((entry) =>
          entry.containers === undefined ? [] : [{ containers: entry.containers, ...requestOf(entry) }],
        ),
        ...merged(entries.filter(({ containers }) => containers === undefined).map(requestOf)),
      });
      expect(requested(built)).toEqual(written);
    }),
  );
});

function merged(all: readonly Receives[]): Receives {
  return {
    env: Object.assign({}, ...all.map(({ env }) => env)),
    files: Object.assign({}, ...all.map(({ files }) => files)),
    envFrom: all.flatMap(({ envFrom = [] }) => envFrom),
    filesFrom: Object.assign({}, ...all.map(({ filesFrom }) => filesFrom)),
  };
}
