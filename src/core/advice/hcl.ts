/** Writes HCL, the language of Terraform (HCL Native Syntax Specification). */

export type HclValue =
  | string
  | boolean
  | Expression
  | readonly HclValue[]
  | { readonly [name: string]: HclValue };

/** Text that is written as it is, such as a reference to another resource. */
export class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** A call of `jsonencode`. */
export function jsonencode(value: object): Expression {
  return new Expression(`jsonencode(${hclValue(value as HclValue, '  ')})`);
}

/** A block with labels and attributes, and a final line feed. */
export function hclBlock(
  type: string,
  labels: readonly string[],
  attributes: Readonly<Record<string, HclValue>>,
): string {
  const head = [type, ...labels.map(hclText)].join(' ');
  return `${head} {\n${hclMembers(attributes, '  ', (name) => name)}}\n`;
}

function hclValue(value: HclValue, indent: string): string {
  if (typeof value === 'string') return hclText(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Expression) return value.text;
  const inner = `${indent}  `;
  if (isList(value)) {
    const items = value.map((item) => `${inner}${hclValue(item, inner)},\n`);
    return `[\n${items.join('')}${indent}]`;
  }
  const members = hclMembers(value, inner, (name) => (IDENTIFIER.test(name) ? name : hclText(name)));
  return `{\n${members}${indent}}`;
}

/** One member for each line, as `terraform fmt` aligns them: members of one line each that follow each other. */
function hclMembers(
  members: Readonly<Record<string, HclValue>>,
  indent: string,
  write: (name: string) => string,
): string {
  const lines: string[] = [];
  let run: [string, string][] = [];
  const closeRun = () => {
    const width = Math.max(...run.map(([name]) => name.length));
    lines.push(...run.map(([name, value]) => `${indent}${name.padEnd(width)} = ${value}\n`));
    run = [];
  };
  for (const [name, member] of Object.entries(members)) {
    const value = hclValue(member, indent);
    if (value.includes('\n')) {
      closeRun();
      lines.push(`${indent}${write(name)} = ${value}\n`);
    } else run.push([write(name), value]);
  }
  closeRun();
  return lines.join('');
}

/** A quoted template: `${` and `%{` would start an expression. */
function hclText(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, '$&$&');
}

function isList(value: HclValue): value is readonly HclValue[] {
  return Array.isArray(value);
}
