/** Secrets that hold what a plan asks for, with values made anew in every run. */
import { randomBytes } from 'node:crypto';
import { mayBeAbsent, type Plan, type PlanFile, type PlanVariable } from '../../src/core/plan/plan.ts';
import { parseTemplate, type TemplateNode } from '../../src/core/template/syntax.ts';
import { StepFailed } from './steps.ts';

/** A document while it grows; arrays are objects with numbers for names. */
type Members = Map<string | number, Members | string | boolean>;

/** The text of one secret: JSON, unless all that is asked of it is a bundle or bytes. */
export function secretTextFor(plan: Plan, secret: number): string {
  const ofSecret = (one: { readonly secret: number }) => one.secret === secret;
  const { views } = plan;
  const values: (PlanVariable | PlanFile)[] = views
    .flatMap(({ env, files }) => [...env, ...files])
    .filter(ofSecret);
  const spreads = views.flatMap(({ envFrom, filesFrom }) => [...envFrom, ...filesFrom]).filter(ofSecret);
  const whole = values.find((one) => isWhole(one) && ('pem' in one || one.decode !== undefined));
  const make = makerFor(plan);
  if (whole !== undefined) return leafFor(whole, 'value', make);
  const root: Members = new Map();
  for (const one of values) addValue(root, one, make);
  for (const one of spreads)
    for (const key of ('include' in one ? one.include : undefined) ?? ['HOST', 'PASSWORD'])
      put(root, [key], make(key));
  if (root.size === 0) root.set('value', make('value'));
  return JSON.stringify(asJson(root));
}

function isWhole(one: PlanVariable | PlanFile): boolean {
  return one.key === undefined && one.jmesPath === undefined && !('template' in one) && !('format' in one);
}

function addValue(root: Members, one: PlanVariable | PlanFile, make: (name: string) => string): void {
  if (one.key !== undefined) put(root, [one.key], leafFor(one, one.key, make));
  if (one.jmesPath !== undefined) {
    const path = pathOf(one.jmesPath);
    if (path !== undefined) put(root, path, leafFor(one, String(path.at(-1)), make));
    else if (!mayBeAbsent(one))
      throw new StepFailed(
        `the demo creates secrets, but cannot create one in which ${one.jmesPath} finds a value`,
      );
  }
  if ('template' in one && one.template !== undefined) {
    const parsed = parseTemplate(one.template, one.escape);
    if (parsed.ok) addNames(root, parsed.value, make);
  }
}

/** Names inside a section are looked up outside too, so a flag opens it; `.` needs an element. */
function addNames(root: Members, nodes: readonly TemplateNode[], make: (name: string) => string): void {
  for (const node of nodes) {
    if (node.kind === 'insertion' && node.path.length > 0) put(root, node.path, make(node.path.join('.')));
    if (node.kind !== 'section') continue;
    const takesElement = node.children.some((child) => child.kind === 'insertion' && child.path.length === 0);
    if (!node.isInverted)
      put(root, takesElement ? [...node.path, 0] : node.path, takesElement ? make('') : true);
    addNames(root, node.children, make);
  }
}

/** The way that a plain expression takes, of each list the first; undefined for any other expression. */
function pathOf(expression: string): readonly (string | number)[] | undefined {
  const steps = /\.?([A-Za-z_]\w*)|\.?"([^"\\]+)"|\[(\d+|\*|)\]/y;
  const path: (string | number)[] = [];
  while (steps.lastIndex < expression.length) {
    const [found, name, quoted, index] = steps.exec(expression) ?? [];
    if (found === undefined) return undefined;
    path.push(name ?? quoted ?? Number(index === '*' ? 0 : index));
  }
  return path;
}

function put(root: Members, path: readonly (string | number)[], leaf: string | boolean): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  const there = root.get(first);
  if (rest.length === 0) {
    if (there === undefined) root.set(first, leaf);
    return;
  }
  const below: Members = there instanceof Map ? there : new Map();
  root.set(first, below);
  put(below, rest, leaf);
}

function asJson(node: Members | string | boolean): unknown {
  if (!(node instanceof Map)) return node;
  const members = [...node].map(([key, member]) => [key, asJson(member)] as const);
  const length = Math.max(...[...node.keys()].map((key) => (typeof key === 'number' ? key + 1 : 0)));
  if (length === 0) return Object.fromEntries(members);
  return Array.from({ length }, (_, index) => (node.has(index) ? asJson(node.get(index) ?? '') : ''));
}

function leafFor(one: PlanVariable | PlanFile, name: string, make: (name: string) => string): string {
  const text = 'pem' in one ? BUNDLE : make(name);
  return one.decode === undefined ? text : btoa(text);
}

const BUNDLE = ['PRIVATE KEY', 'CERTIFICATE']
  .map((label) => `-----BEGIN ${label}-----\n${btoa(random())}\n-----END ${label}-----\n`)
  .join('');

/** Passwords hold what shells trip over, as far as every way that the plan goes can carry it. */
function makerFor({ views }: Plan): (name: string) => string {
  const isNative = views.some((view) => view.receivers.native.length > 0);
  const isDotenv = views.some((view) =>
    [view.format, ...view.files.map((one) => one.format)].includes('dotenv'),
  );
  const hostile = isDotenv ? '# ' : isNative ? '"\\ ' : 'it\'s "\\ ';
  return (name) =>
    /user|host/i.test(name)
      ? `${name.toLowerCase()}-${random()}`
      : `${hostile}$(${random()}) \`x\` ${random()}`;
}

function random(): string {
  return randomBytes(6).toString('hex');
}
