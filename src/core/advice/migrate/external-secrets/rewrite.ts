/** The field `rewrite` of `dataFrom`. */
import { field, textField } from '../../../json.ts';
import { ok, type Result } from '../../../problems/result.ts';
import { gap, type Spread, type StoredSecret } from '../model.ts';
import type { Gap } from '../report.ts';
import { convertKey, type Rename, readReplacement, readTransform } from './names.ts';

/** Reads operations that rename single keys. */
export function readRenames(operations: readonly unknown[]): Result<Rename, Gap> {
  const renames: Rename[] = [];
  for (const operation of operations) {
    const rename = readRename(operation);
    if (!rename.ok) return rename;
    renames.push(rename.value);
  }
  return ok((name) => renames.reduce((text, rename) => rename(text), name));
}

function readRename(operation: unknown): Result<Rename, Gap> {
  const [regexp, transform] = [field(operation, 'regexp'), field(operation, 'transform')];
  if (regexp !== undefined)
    return readReplacement(textField(regexp, 'source') ?? '', textField(regexp, 'target') ?? '');
  if (transform !== undefined) return readTransform(textField(transform, 'template') ?? '');
  return gap(
    'a merge of values cannot be expressed here',
    'request the keys of each secret in the annotation secrets',
  );
}

/**
 * Every key of a secret, renamed. The keys are not known here, so that the operations may only add a prefix or change the
 * case of all keys alike.
 */
export function renamedSpread(
  secret: StoredSecret,
  operations: readonly unknown[],
  strategy: string,
): Result<Spread, Gap> {
  if (operations.length === 0) {
    const keyOf = (name: string) => (convertKey(name, strategy) === name ? name : undefined);
    return ok({ secret, prefix: '', letterCase: 'keep', keyOf });
  }
  let names: Names | undefined = { prefix: '', letterCase: 'keep' };
  for (const operation of operations) names = names === undefined ? undefined : renamed(names, operation);
  if (names === undefined)
    return gap(
      'the keys of the secret are not known here, and rewrite does more than add a prefix or change the case',
      'request each key in the annotation secrets, field env or files',
    );
  const { prefix, letterCase } = names;
  const keyOf = (name: string) =>
    letterCase === 'keep' && name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
  return ok({ secret, prefix, letterCase, keyOf });
}

type Names = Pick<Spread, 'prefix' | 'letterCase'>;

const WHOLE = new Set(['(.*)', '^(.*)$', '(.+)', '^(.+)$']);
const CASE = /^((?:[^{}]*[^\s{}])?)\{\{-?\s*\.value\s*(?:\|\s*(upper|lower)\s*)?-?\}\}$/;

function renamed({ prefix, letterCase }: Names, operation: unknown): Names | undefined {
  const regexp = field(operation, 'regexp');
  if (regexp !== undefined) {
    const [source = '', target = ''] = [textField(regexp, 'source'), textField(regexp, 'target')];
    const added = WHOLE.has(source) ? /^([^$]*)\$(?:1|\{1\})$/.exec(target)?.[1] : undefined;
    if (added !== undefined) return { prefix: added + prefix, letterCase };
    return source === '^' && !target.includes('$') ? { prefix: target + prefix, letterCase } : undefined;
  }
  const template = textField(field(operation, 'transform'), 'template');
  const [whole, before = '', change] = template === undefined ? [] : (CASE.exec(template) ?? []);
  if (whole === undefined) return undefined;
  if (change === 'upper') return { prefix: before + prefix.toUpperCase(), letterCase: 'upper' };
  if (change === 'lower') return { prefix: before + prefix.toLowerCase(), letterCase: 'lower' };
  return { prefix: before + prefix, letterCase };
}
