/** The data of a document: what sigs.k8s.io/yaml makes of it (go-yaml's `decode.go`, then `convertToJSONableObject`). */
import type { AliasNode, MapNode, Node, Pair, ScalarNode } from './nodes.ts';
import { Refusal } from './refusal.ts';
import { exact, type Resolved, resolvePlain, resolveTagged, type Scalar } from './resolve.ts';

/** Lists, objects and scalars; integers beyond 2^53 are BigInts. */
export type Data = Scalar | readonly Data[] | { readonly [key: string]: Data };

const MERGE_TAG = 'tag:yaml.org,2002:merge';
/** Aliases can nest values deeper than the text does. */
const MAX_DEPTH = 700;

/** @throws Refusal for a document that kubectl refuses */
export function evaluate(root: Node): Data {
  return new Evaluator().document(root);
}

/** Whether a pair merges other maps into its own. */
export function isMerge({ key }: Pair): boolean {
  return (
    key.kind === 'scalar' &&
    key.value === '<<' &&
    ((key.style === 'plain' && key.tag === '') || key.tag === '!' || key.tag === MERGE_TAG)
  );
}

/** The maps that a pair merges, in the order in which they apply: later ones win. */
export function mergedMaps({ value }: Pair): readonly MapNode[] {
  const sources = value.kind === 'list' ? value.items.map((item) => item.value).reverse() : [value];
  return sources.map((source) => {
    const map = source.kind === 'alias' ? source.target : source;
    if (map.kind === 'map') return map;
    throw new Refusal(value.start, 'a merge key needs a map, or a list of maps');
  });
}

/** The text of a key. @throws Refusal for a key that JSON cannot contain */
export function keyText(key: Node): string {
  return keyOf(key).text;
}

interface Key {
  /** Keys of different types are different keys to go-yaml, even if their texts are equal in JSON. */
  readonly identity: string;
  readonly text: string;
}

function keyOf(key: Node): Key {
  const node = key.kind === 'alias' ? key.target : key;
  if (node.kind !== 'scalar') throw new Refusal(key.start, 'a key is a list or a map');
  const { type, value } = resolve(node);
  if (typeof value === 'bigint' && value >= 2n ** 63n)
    throw new Refusal(key.start, 'a key is an integer of more than 63 bits');
  const text = type === 'float' ? floatKey(Number(value), key.start) : String(value);
  if (type === 'null') throw new Refusal(Math.max(key.start, 0), 'a key is null');
  return { identity: `${type === 'timestamp' ? 'str' : type}:${String(value)}`, text };
}

// Go prints the shortest digits of a 32-bit number, with an exponent from seven digits on.
function floatKey(value: number, offset: number): string {
  const special = new Map([
    [Number.POSITIVE_INFINITY, '.inf'],
    [Number.NEGATIVE_INFINITY, '-.inf'],
  ]).get(value);
  if (special !== undefined || Number.isNaN(value)) return special ?? '.nan';
  const size = Math.abs(value);
  const isShort = Number(value.toPrecision(6)) === value && (size === 0 || (size >= 1e-4 && size < 1e6));
  if (!isShort) throw new Refusal(offset, 'a key is a number that kubectl rounds: put it in quotes');
  return Object.is(value, -0) ? '-0' : String(value);
}

function resolve(node: ScalarNode): Resolved {
  if (node.style === 'json') return resolveJson(node.value);
  if (node.tag === '')
    return node.style === 'plain' || node.style === 'empty'
      ? resolvePlain(node.value)
      : { type: 'str', value: node.value };
  const resolved = resolveTagged(node.tag, node.value);
  if (resolved === undefined) throw new Refusal(node.outerStart, 'the value does not fit its tag');
  return resolved;
}

function resolveJson(source: string): Resolved {
  if (/^-?\d+$/.test(source)) return { type: 'int', value: exact(BigInt(source)) };
  const value = JSON.parse(source) as string | number | boolean | null;
  return { type: typeof value === 'number' ? 'float' : 'str', value };
}

class Evaluator {
  #count = 0;
  #aliasCount = 0;
  #aliasDepth = 0;
  #depth = 0;
  readonly #open = new Set<AliasNode>();

  document(root: Node): Data {
    this.#count += 1;
    return this.#value(root);
  }

  #value(node: Node): Data {
    this.#charge(node);
    return this.#deeper(node, () => this.#content(node));
  }

  #deeper<T>(node: Node, read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Refusal(Math.max(node.start, 0), 'the text is nested too deeply');
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #content(node: Node): Data {
    switch (node.kind) {
      case 'alias':
        return this.#through(node, () => this.#value(node.target));
      case 'scalar':
        return scalarData(node);
      case 'list':
        return node.items.map((item) => this.#value(item.value));
      case 'map': {
        const members = new Map<string, { key: Key; data: Data }>();
        this.#fill(members, node);
        return objectOf(members, node.start);
      }
    }
  }

  /** Sets the members of a map in order. In go-yaml 2, a merge key overrides keys before it. */
  #fill(members: Map<string, { key: Key; data: Data }>, map: MapNode): void {
    for (const pair of map.pairs) {
      if (isMerge(pair)) this.#merge(members, pair);
      else {
        this.#charge(pair.key);
        const key = keyOf(pair.key);
        members.set(key.identity, { key, data: this.#value(pair.value) });
      }
    }
  }

  #merge(members: Map<string, { key: Key; data: Data }>, pair: Pair): void {
    // Checks every source first.
    mergedMaps(pair);
    const { value } = pair;
    const sources = value.kind === 'list' ? value.items.map((item) => item.value).reverse() : [value];
    for (const source of sources) {
      this.#charge(source);
      if (source.kind === 'map') this.#fill(members, source);
      else if (source.kind === 'alias')
        this.#through(source, () => {
          this.#charge(source.target);
          if (source.target.kind === 'map') this.#fill(members, source.target);
        });
    }
  }

  #through<T>(alias: AliasNode, read: () => T): T {
    if (this.#open.has(alias)) throw new Refusal(alias.start, 'an alias is inside the value it refers to');
    this.#open.add(alias);
    this.#aliasDepth += 1;
    const result = this.#deeper(alias, read);
    this.#aliasDepth -= 1;
    this.#open.delete(alias);
    return result;
  }

  /** go-yaml's limit on the share of values that come from aliases. */
  #charge(node: Node): void {
    this.#count += 1;
    if (this.#aliasDepth > 0) this.#aliasCount += 1;
    if (this.#aliasCount <= 100 || this.#count <= 1000) return;
    if (this.#aliasCount / this.#count > allowedRatio(this.#count))
      throw new Refusal(Math.max(node.start, 0), 'too many values come from aliases');
  }
}

const RATIO_FROM = 400_000;
const RATIO_TO = 4_000_000;

function allowedRatio(count: number): number {
  if (count <= RATIO_FROM) return 0.99;
  if (count >= RATIO_TO) return 0.1;
  return 0.99 - (0.89 * (count - RATIO_FROM)) / (RATIO_TO - RATIO_FROM);
}

function scalarData(node: ScalarNode): Data {
  const { type, value } = resolve(node);
  if (type === 'float' && !Number.isFinite(value))
    throw new Refusal(node.start, 'JSON has no number for this value: put it in quotes if it is text');
  if (Object.is(value, -0)) return 0;
  // Go writes such a number with all its digits, and reads it as an integer.
  const isLong = type === 'float' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLong && /^-?\d+$/.test(String(value)) ? BigInt(String(value)) : value;
}

function objectOf(members: ReadonlyMap<string, { key: Key; data: Data }>, start: number): Data {
  const object: Record<string, Data> = {};
  for (const { key, data } of members.values()) {
    // kubectl keeps any of the two.
    if (Object.hasOwn(object, key.text))
      throw new Refusal(start, 'two keys of this map differ in YAML and are equal in JSON');
    // An assignment to __proto__ would set the prototype.
    Object.defineProperty(object, key.text, {
      value: data,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}
