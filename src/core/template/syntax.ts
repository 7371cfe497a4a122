/**
 * Parses a template: Mustache (https://mustache.github.io/mustache.5.html) with insertions, sections, inverted sections and
 * comments. The package parses it, with the standard's rules for lines that contain only a tag. Partials, other delimiters
 * and unescaped insertions are rejected first.
 */
import mustache from 'mustache';
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { exceedsUtf8 } from '../utf8.ts';
import { addsQuotes, ESCAPES, type Escape, isEscape } from './escapes.ts';

/** Names, resolved from the nearest context that has the first name; empty for `.`, the context itself. */
export type Path = readonly string[];

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'insertion'; readonly path: Path; readonly dialect: Escape }
  | {
      readonly kind: 'section';
      readonly path: Path;
      readonly isInverted: boolean;
      readonly children: readonly TemplateNode[];
    };

const LONGEST = 16_384;
// The package needs quadratic time for blanks in a tag.
const LONGEST_TAG = 256;
const DEEPEST = 16;

/** @returns the nodes, or a fault that continues the sentence "the template …" */
export function parseTemplate(template: string, defaultEscape: Escape | undefined): Parsed {
  if (exceedsUtf8(template, LONGEST)) return failed(`is longer than ${LONGEST} bytes`);
  const fault = tagsFault(template);
  if (fault !== undefined) return failed(fault);
  let spans: Spans;
  try {
    // The package's default writer caches every template.
    spans = new mustache.Writer().parse(template) as Spans;
  } catch {
    // The message of the package quotes the template. Tags are well-formed here, so the fault is in the sections.
    return failed('has sections that are not closed in order');
  }
  return convert(spans, { template, defaultEscape, depth: 0 });
}

/** The tokens of the package: type, value, start, end, and the tokens inside a section. */
type Spans = readonly (readonly [string, string, number, number, Spans?])[];

type Parsed = Result<readonly TemplateNode[], string>;

interface Surroundings {
  readonly template: string;
  readonly defaultEscape: Escape | undefined;
  readonly depth: number;
}

function lineAt(template: string, position: number): string {
  return `line ${template.slice(0, position).split('\n').length}`;
}

const REFUSED: Readonly<Record<string, string>> = {
  '{': 'a third brace; use {{ name | raw }} for a value without escapes',
  '&': 'an ampersand; use {{ name | raw }} for a value without escapes',
  '>': 'a partial, which is not supported',
  '=': 'other delimiters, which are not supported',
};

function tagsFault(template: string): string | undefined {
  for (let open = template.indexOf('{{'); open >= 0; ) {
    const close = template.indexOf('}}', open + 2);
    const where = () => lineAt(template, open);
    if (close < 0) return `has braces that are not closed in ${where()}`;
    if (close - open > LONGEST_TAG)
      return `has more than ${LONGEST_TAG} characters between the braces in ${where()}`;
    const refused =
      REFUSED[
        template
          .slice(open + 2, close)
          .trimStart()
          .charAt(0)
      ];
    if (refused !== undefined) return `has ${refused} (${where()})`;
    open = template.indexOf('{{', close + 2);
  }
  return undefined;
}

function convert(spans: Spans, around: Surroundings): Parsed {
  if (around.depth > DEEPEST) return failed(`nests sections more than ${DEEPEST} levels deep`);
  const nodes: TemplateNode[] = [];
  for (const [index, span] of spans.entries()) {
    const [type, value, start] = span;
    if (type === '!') continue;
    if (type === 'text') {
      nodes.push({ kind: 'text', text: value });
      continue;
    }
    const tag = convertTag(span, around);
    if (!tag.ok) return tag;
    const node = tag.value;
    if (node.kind === 'insertion' && isBetweenQuotes(spans, index) && addsQuotes(node.dialect)) {
      return failed(
        `has quotes around ${quote(value)} in ${lineAt(around.template, start)}, but the escape ${node.dialect} adds quotes itself`,
      );
    }
    nodes.push(node);
  }
  return ok(nodes);
}

function isBetweenQuotes(spans: Spans, index: number): boolean {
  const [before, after] = [spans[index - 1], spans[index + 1]];
  if (before?.[0] !== 'text' || after?.[0] !== 'text') return false;
  return /["']$/.test(before[1]) && before[1].at(-1) === after[1].charAt(0);
}

function convertTag(
  [type, value, start, , inside]: Spans[number],
  around: Surroundings,
): Result<TemplateNode, string> {
  const where = () => lineAt(around.template, start);
  const [name = '', dialect = around.defaultEscape, ...more] = value.split('|').map((part) => part.trim());
  const path = pathOf(name);
  if (path === undefined || more.length > 0) {
    return failed(`has ${quote(value)} in ${where()}, where a key (or keys joined by dots) is expected`);
  }
  if (type === 'name') {
    if (dialect === undefined) return failed(`does not say how to escape ${quote(name)} in ${where()}`);
    if (!isEscape(dialect))
      return failed(
        `has the unknown escape ${quote(dialect)} for ${quote(name)} in ${where()}; use one of ${ESCAPES.join(', ')}`,
      );
    return ok({ kind: 'insertion', path, dialect });
  }
  if (value.includes('|')) return failed(`has an escape for the section ${quote(name)} in ${where()}`);
  const children = convert(inside ?? [], { ...around, depth: around.depth + 1 });
  return children.ok
    ? ok({ kind: 'section', path, isInverted: type === '^', children: children.value })
    : children;
}

function pathOf(name: string): Path | undefined {
  if (name === '.') return [];
  const path = name.split('.');
  return path.every((key) => /^[^\s{}]+$/.test(key)) ? path : undefined;
}
