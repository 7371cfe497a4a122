/** Files made of text and of values from a secret's JSON: checked at admission, rendered where the value is. */
import { MAX_SECRET_BYTES } from '../limits.ts';
import { quote } from '../problems/quote.ts';
import { type JsonDocument, type JsonNode, membersOf, numberOf } from '../secret/secret-json.ts';
import { type Escape, escapeNode } from './escapes.ts';
import { type Path, parseTemplate, type TemplateNode } from './syntax.ts';

export { ESCAPES, type Escape, isEscape } from './escapes.ts';

/** Tags followed and characters looked at: arrays in nested sections multiply. */
const MOST_STEPS = 1_000_000;

/**
 * Checks a template without a document.
 * @param defaultEscape for insertions that name none; without it each must
 * @returns what is wrong, as words that follow "the template"; undefined if nothing is
 */
export function templateFault(template: string, defaultEscape?: Escape): string | undefined {
  const parsed = parseTemplate(template, defaultEscape);
  return 'fault' in parsed ? parsed.fault : undefined;
}

/** The text, or words that follow "the template", for each thing that is wrong. They name keys and never hold a value. */
export type RenderedTemplate = { readonly text: string } | { readonly problems: readonly string[] };

/**
 * Fills a template. Numbers keep the digits of the secret, objects and arrays become compact JSON before they are
 * escaped. A section is left out when its key is absent or holds null, false, 0, an empty text or an empty array, as in
 * mustache.js; a missing key in an insertion is a problem.
 */
export function renderTemplate(
  template: string,
  defaultEscape: Escape | undefined,
  document: JsonDocument,
): RenderedTemplate {
  const parsed = parseTemplate(template, defaultEscape);
  if ('fault' in parsed) return { problems: [parsed.fault] };
  const run: Run = { parts: [], problems: new Set(), room: MAX_SECRET_BYTES, steps: MOST_STEPS };
  try {
    const isComplete = renderAll(parsed.nodes, [document.root], run);
    if (!isComplete) run.problems.add(run.room < 0 ? TOO_LONG : 'takes too many steps on this secret');
  } catch (error) {
    // The stack's end: the secret's JSON nests thousands of levels deep.
    if (!(error instanceof RangeError)) throw error;
    run.problems.add('meets JSON that nests too deeply');
  }
  const text = run.parts.join('');
  if (run.problems.size === 0 && new TextEncoder().encode(text).length > MAX_SECRET_BYTES)
    run.problems.add(TOO_LONG);
  return run.problems.size > 0 ? { problems: [...run.problems] } : { text };
}

const TOO_LONG = `makes more than ${MAX_SECRET_BYTES} bytes`;

interface Run {
  readonly parts: string[];
  readonly problems: Set<string>;
  /** UTF-16 units that may still be written: fewer than the bytes. */
  room: number;
  steps: number;
}

/** @returns false when the end was not reached */
function renderAll(nodes: readonly TemplateNode[], contexts: readonly JsonNode[], run: Run): boolean {
  return nodes.every((node) => spend(1, run) && renderNode(node, contexts, run));
}

function spend(steps: number, run: Run): boolean {
  run.steps -= steps;
  return run.steps >= 0;
}

function put(text: string, run: Run): boolean {
  run.parts.push(text);
  run.room -= text.length;
  return run.room >= 0;
}

function renderNode(node: TemplateNode, contexts: readonly JsonNode[], run: Run): boolean {
  switch (node.kind) {
    case 'text':
      return put(node.text, run);
    case 'insertion':
      return insert(node.path, node.dialect, contexts, run);
    case 'section': {
      const value = lookUp(node.path, contexts);
      const items = itemsOf(value);
      // A flag asks a question and is no context: `.` and names mean inside what they mean outside.
      const enter = (item: JsonNode) => (value === true ? contexts : [...contexts, item]);
      if (node.isInverted) return items.length > 0 || renderAll(node.children, contexts, run);
      return items.every((item) => spend(1, run) && renderAll(node.children, enter(item), run));
    }
  }
}

function insert(path: Path, dialect: Escape, contexts: readonly JsonNode[], run: Run): boolean {
  const value = lookUp(path, contexts);
  const name = quote(path.join('.') || '.');
  if (value === undefined || value === null) {
    run.problems.add(`inserts ${name}, which ${value === null ? 'is null' : 'the secret does not have'}`);
    return true;
  }
  const escaped = escapeNode(value, dialect, run.room);
  if ('tooLong' in escaped) {
    run.room = -1;
    return false;
  }
  if ('cannot' in escaped) {
    run.problems.add(`inserts ${name}, which holds ${escaped.cannot}: ${dialect} cannot carry that`);
    // Nothing was written, so only this bounds how often a long value is looked at.
    return spend(typeof value === 'string' ? value.length : MAX_SECRET_BYTES, run);
  }
  return put(escaped.text, run);
}

/** The times that a section is rendered, each with its context. */
function itemsOf(value: JsonNode | undefined): readonly JsonNode[] {
  if (Array.isArray(value)) return value;
  if (value === undefined || value === null || value === false || value === '') return [];
  return numberOf(value) === 0 ? [] : [value];
}

/** The nearest context that has the first name decides, as in Mustache. Own members only. */
function lookUp([first, ...others]: Path, contexts: readonly JsonNode[]): JsonNode | undefined {
  if (first === undefined) return contexts.at(-1);
  const nearest = contexts.findLast((context) => member(context, first) !== undefined);
  let found = nearest === undefined ? undefined : member(nearest, first);
  for (const name of others) found = found === undefined ? undefined : member(found, name);
  return found;
}

function member(context: JsonNode, name: string): JsonNode | undefined {
  const members = membersOf(context);
  return members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
}
