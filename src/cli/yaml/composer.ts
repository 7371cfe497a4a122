/**
 * Builds the nodes of one document from its tokens, as the parser of go-yaml 2 does. Its grammar is looser than that of
 * YAML: see README.md.
 */
import type { AliasNode, Item, ListNode, MapNode, Node, Pair, ScalarNode } from './nodes.ts';
import { Refusal } from './refusal.ts';
import { Scanner } from './scanner.ts';
import type { Token } from './tokens.ts';

export interface Composed {
  /** Undefined for a text without a document. */
  readonly root: Node | undefined;
  /** Where text starts that kubectl ignores: it reads only the first document between two separators. */
  readonly ignored: number | undefined;
}

/** A collection, which an alias inside it can name before it is complete. */
type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

interface Properties {
  readonly outerStart: number;
  readonly end: number;
  readonly anchor: string | undefined;
  readonly tag: string;
}

/** @throws Refusal for text that kubectl refuses */
export function compose(text: string): Composed {
  return new Composer(text).document();
}

class Composer {
  readonly #scanner: Scanner;
  readonly #anchors = new Map<string, Node>();

  constructor(text: string) {
    this.#scanner = new Scanner(text);
  }

  document(): Composed {
    const first = this.#scanner.peek();
    if (first.type === 'stream-end') return { root: undefined, ignored: undefined };
    const isExplicit = first.type === 'document-start';
    if (isExplicit) this.#scanner.take();
    const root =
      isExplicit && this.#nextIs('document-start', 'document-end', 'stream-end')
        ? empty(first.end)
        : this.#node(true, false);
    const { end } = this.#scanner.peek();
    return { root, ignored: this.#ignored(end) };
  }

  /** kubectl does not read further than one token, so mistakes after it are none. */
  #ignored(end: number): number | undefined {
    try {
      while (this.#nextIs('document-end')) this.#scanner.take();
      const next = this.#scanner.peek();
      return next.type === 'stream-end' ? undefined : next.start;
    } catch (error) {
      if (error instanceof Refusal) return end;
      throw error;
    }
  }

  #nextIs(...types: readonly Token['type'][]): boolean {
    return types.includes(this.#scanner.peek().type);
  }

  #node(canBeBlock: boolean, canBeIndentless: boolean): Node {
    const first = this.#scanner.peek();
    if (first.type === 'alias') return this.#alias();
    const properties = this.#properties(first.start);
    const token = this.#scanner.peek();
    switch (token.type) {
      case 'block-entry':
        if (canBeIndentless) return this.#list(properties, token, 'indentless');
        break;
      case 'scalar': {
        this.#scanner.take();
        const { value, style, start, end } = token;
        const { outerStart, tag } = properties;
        return this.#anchored(properties, { kind: 'scalar', value, style, tag, start, end, outerStart });
      }
      case 'flow-sequence-start':
        return this.#list(properties, token, 'flow');
      case 'flow-mapping-start':
        return this.#flowMap(properties, token);
      case 'block-sequence-start':
        if (canBeBlock) return this.#list(properties, token, 'block');
        break;
      case 'block-mapping-start':
        if (canBeBlock) return this.#blockMap(properties, token);
        break;
      default:
    }
    if (properties.anchor === undefined && properties.tag === '')
      throw new Refusal(token.start, 'a value is missing');
    const { outerStart, tag, end } = properties;
    return this.#anchored(properties, { ...empty(end), tag, outerStart });
  }

  #alias(): AliasNode {
    const token = this.#scanner.take();
    const target = token.type === 'alias' ? this.#anchors.get(token.name) : undefined;
    if (target === undefined) throw new Refusal(token.start, 'no anchor precedes the alias');
    return { kind: 'alias', target, start: token.start, end: token.end, outerStart: token.start };
  }

  /** An anchor and a tag, in either order. */
  #properties(start: number): Properties {
    let end = start;
    let anchor: string | undefined;
    let tag = '';
    for (;;) {
      const token = this.#scanner.peek();
      if (token.type === 'anchor' && anchor === undefined) anchor = token.name;
      else if (token.type === 'tag' && tag === '') tag = token.tag;
      else return { outerStart: start, end, anchor, tag };
      end = token.end;
      this.#scanner.take();
    }
  }

  #anchored<T extends Node>({ anchor }: Properties, node: T): T {
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    return node;
  }

  #list({ ...properties }: Properties, start: Token, form: 'block' | 'indentless' | 'flow'): ListNode {
    const items: Item[] = [];
    const list: Draft<ListNode> = {
      ...{ kind: 'list', isFlow: form === 'flow', column: start.column, items },
      ...{ start: start.start, end: start.end, outerStart: properties.outerStart },
    };
    this.#anchored(properties, list);
    if (form === 'flow') list.end = this.#flowItems(items);
    else {
      this.#blockItems(items, form);
      list.end = items.at(-1)?.value.end ?? start.end;
    }
    return list;
  }

  #blockItems(items: Item[], form: 'block' | 'indentless'): void {
    if (form === 'block') this.#scanner.take();
    while (this.#nextIs('block-entry')) {
      const { start: dash, end } = this.#scanner.take();
      const isEmpty =
        this.#nextIs('block-entry', 'block-end') || (form === 'indentless' && this.#nextIs('key', 'value'));
      items.push({ dash, value: isEmpty ? empty(end) : this.#node(true, false) });
    }
    if (form === 'indentless') return;
    const token = this.#scanner.take();
    if (token.type !== 'block-end')
      throw new Refusal(token.start, 'a list item or a lower indentation is missing');
  }

  #blockMap(properties: Properties, { start, end, column }: Token): MapNode {
    const pairs: Pair[] = [];
    const { outerStart } = properties;
    const map: Draft<MapNode> = { kind: 'map', isFlow: false, column, pairs, start, end, outerStart };
    this.#anchored(properties, map);
    this.#scanner.take();
    while (this.#nextIs('key')) {
      const token = this.#scanner.take();
      const key = this.#unless(token.end, 'key', 'value', 'block-end');
      let value: Node = empty(undefined);
      if (this.#nextIs('value')) value = this.#unless(this.#scanner.take().end, 'key', 'value', 'block-end');
      pairs.push({ key, value });
      map.end = value.end < 0 ? key.end : value.end;
    }
    const token = this.#scanner.take();
    if (token.type !== 'block-end') throw new Refusal(token.start, 'a key or a lower indentation is missing');
    return map;
  }

  /** A block node, or an empty one if one of the types follows. */
  #unless(end: number, ...types: readonly Token['type'][]): Node {
    return this.#nextIs(...types) ? empty(end) : this.#node(true, true);
  }

  /** @returns the end of the list */
  #flowItems(items: Item[]): number {
    this.#scanner.take();
    while (!this.#nextIs('flow-sequence-end')) {
      if (items.length > 0) {
        this.#takeEntry('"," or "]"');
        if (this.#nextIs('flow-sequence-end')) break;
      }
      const value = this.#nextIs('key') ? this.#flowPair() : this.#node(false, false);
      items.push({ dash: value.outerStart, value });
    }
    return this.#scanner.take().end;
  }

  /** A map of one pair in a list: `[a: b]`. */
  #flowPair(): MapNode {
    const token = this.#scanner.take();
    let key: Node;
    if (this.#nextIs('value', 'flow-entry', 'flow-sequence-end')) {
      // go-yaml skips the token, as libyaml does.
      key = empty(this.#scanner.take().end);
    } else key = this.#node(false, false);
    let value: Node = empty(undefined);
    if (this.#nextIs('value')) {
      const { end } = this.#scanner.take();
      value = this.#nextIs('flow-entry', 'flow-sequence-end') ? empty(end) : this.#node(false, false);
    }
    const end = value.end < 0 ? key.end : value.end;
    return {
      ...{ kind: 'map', isFlow: true, column: token.column, pairs: [{ key, value }] },
      ...{ start: token.start, end, outerStart: token.start },
    };
  }

  #flowMap(properties: Properties, { start, end, column }: Token): MapNode {
    const pairs: Pair[] = [];
    const { outerStart } = properties;
    const map: Draft<MapNode> = { kind: 'map', isFlow: true, column, pairs, start, end, outerStart };
    this.#anchored(properties, map);
    this.#scanner.take();
    while (!this.#nextIs('flow-mapping-end')) {
      if (pairs.length > 0) {
        this.#takeEntry('"," or "}"');
        if (this.#nextIs('flow-mapping-end')) break;
      }
      pairs.push(this.#flowMember());
    }
    map.end = this.#scanner.take().end;
    return map;
  }

  #flowMember(): Pair {
    if (!this.#nextIs('key')) return { key: this.#node(false, false), value: empty(undefined) };
    const { end } = this.#scanner.take();
    const isEmpty = this.#nextIs('value', 'flow-entry', 'flow-mapping-end');
    const key = isEmpty ? empty(end) : this.#node(false, false);
    if (!this.#nextIs('value')) return { key, value: empty(undefined) };
    const value = this.#scanner.take();
    const hasNone = this.#nextIs('flow-entry', 'flow-mapping-end');
    return { key, value: hasNone ? empty(value.end) : this.#node(false, false) };
  }

  #takeEntry(expected: string): void {
    const token = this.#scanner.take();
    if (token.type !== 'flow-entry') throw new Refusal(token.start, `${expected} is missing`);
  }
}

/** A value without text. @param at undefined, then a negative place, if it has no `:` either */
function empty(at: number | undefined): ScalarNode {
  const place = at ?? -1;
  return { kind: 'scalar', value: '', style: 'empty', tag: '', start: place, end: place, outerStart: place };
}
