/**
 * Reads a template: Mustache (https://mustache.github.io/mustache.5.html) with insertions, sections, inverted sections
 * and comments. The package reads it, with the standard's rules for lines that hold only a tag; partials, other
 * delimiters and unescaped insertions are refused before it sees them.
 */
import mustache from 'mustache';
import { quote } from '../problems/quote.ts';
import { bringsQuotes, ESCAPES, type Escape, isEscape } from './escapes.ts';

/** Names to follow from the nearest context that has the first one; none for `.`, the context itself. */
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
// The package's search for the end of a tag takes quadratic time in its blanks.
const LONGEST_TAG = 256;
const DEEPEST = 16;

/** @returns the template, or what is wrong with it as words that follow "the template" */
export function parseTemplate(
  template: string,
  defaultEscape: Escape | undefined,
): { readonly nodes: readonly TemplateNode[] } | { readonly fault: string } {
  if (new TextEncoder().encode(template).length > LONGEST)
    return { fault: `is longer than ${LONGEST} bytes` };
  const fault = tagsFault(template);
  if (fault !== undefined) return { fault };
  let spans: Spans;
  try {
    // A writer of its own: the package's keeps every template that it ever saw.
    spans = new mustache.Writer().parse(template) as Spans;
  } catch {
    // The package's message quotes the template, raw. Tags are well-formed here, so sections are what it refuses.
    return { fault: 'does not close every section that it opens, in order' };
  }
  return convert(spans, { template, defaultEscape, depth: 0 });
}

/** What the package makes: type, value, start, end, and the inside of a section. */
type Spans = readonly (readonly [string, string, number, number, Spans?])[];

interface Surroundings {
  readonly template: string;
  readonly defaultEscape: Escape | undefined;
  readonly depth: number;
}

function lineAt(template: string, position: number): string {
  return `line ${template.slice(0, position).split('\n').length}`;
}

const REFUSED: Readonly<Record<string, string>> = {
  '{': 'a third brace: write {{ name | raw }} for a value without escapes',
  '&': 'an ampersand: write {{ name | raw }} for a value without escapes',
  '>': 'a partial, and there is nothing to include',
  '=': 'other delimiters, which cannot be set',
};

function tagsFault(template: string): string | undefined {
  for (let open = template.indexOf('{{'); open >= 0; ) {
    const close = template.indexOf('}}', open + 2);
    const where = () => lineAt(template, open);
    if (close < 0) return `does not close the braces that it opens in ${where()}`;
    if (close - open > LONGEST_TAG)
      return `has more than ${LONGEST_TAG} characters between the braces in ${where()}`;
    const refused =
      REFUSED[
        template
          .slice(open + 2, close)
          .trimStart()
          .charAt(0)
      ];
    if (refused !== undefined) return `holds ${refused} (${where()})`;
    open = template.indexOf('{{', close + 2);
  }
  return undefined;
}

function convert(
  spans: Spans,
  around: Surroundings,
): { readonly nodes: readonly TemplateNode[] } | { readonly fault: string } {
  if (around.depth > DEEPEST) return { fault: `nests sections more than ${DEEPEST} deep` };
  const nodes: TemplateNode[] = [];
  for (const [index, span] of spans.entries()) {
    const [type, value, start] = span;
    if (type === '!') continue;
    const node = type === 'text' ? { kind: 'text' as const, text: value } : convertTag(span, around);
    if ('fault' in node) return node;
    if (node.kind === 'insertion' && isBetweenQuotes(spans, index) && bringsQuotes(node.dialect)) {
      return {
        fault: `puts quotes around ${quote(value)} in ${lineAt(around.template, start)}, which ${node.dialect} does itself`,
      };
    }
    nodes.push(node);
  }
  return { nodes };
}

function isBetweenQuotes(spans: Spans, index: number): boolean {
  const [before, after] = [spans[index - 1], spans[index + 1]];
  if (before?.[0] !== 'text' || after?.[0] !== 'text') return false;
  return /["']$/.test(before[1]) && before[1].at(-1) === after[1].charAt(0);
}

function convertTag(
  [type, value, start, , inside]: Spans[number],
  around: Surroundings,
): TemplateNode | { readonly fault: string } {
  const where = () => lineAt(around.template, start);
  const [name = '', dialect = around.defaultEscape, ...more] = value.split('|').map((part) => part.trim());
  const path = pathOf(name);
  if (path === undefined || more.length > 0) {
    return { fault: `holds ${quote(value)} in ${where()}, where a key (or keys joined by dots) is expected` };
  }
  if (type === 'name') {
    if (dialect === undefined)
      return {
        fault: `does not say how to escape ${quote(name)} in ${where()}: write {{ ${quoteless(name)} | json }}`,
      };
    if (!isEscape(dialect))
      return {
        fault: `escapes ${quote(name)} in ${where()} as ${quote(dialect)}, which is none of ${ESCAPES.join(', ')}`,
      };
    return { kind: 'insertion', path, dialect };
  }
  if (value.includes('|')) return { fault: `gives the section ${quote(name)} in ${where()} an escape` };
  const children = convert(inside ?? [], { ...around, depth: around.depth + 1 });
  return 'fault' in children
    ? children
    : { kind: 'section', path, isInverted: type === '^', children: children.nodes };
}

function quoteless(name: string): string {
  return quote(name).slice(1, -1);
}

function pathOf(name: string): Path | undefined {
  if (name === '.') return [];
  const path = name.split('.');
  return path.every((key) => /^[^\s{}]+$/.test(key)) ? path : undefined;
}
