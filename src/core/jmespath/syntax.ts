/**
 * Parses a JMESPath expression. The grammar is the package's. Its extensions of the specification are rejected, because they
 * have another meaning, or none, in the tools of AWS.
 */
import { compile, tokenize } from '@jmespath-community/jmespath';
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { isFunctionName, parameterAt, takesArguments } from './signatures.ts';

export type Expression = ReturnType<typeof compile>;
type Token = ReturnType<typeof tokenize>[number];

/** Also bounds the recursion of the parser. */
const LONGEST = 1024;

const NOT_JMESPATH = 'is not valid JMESPath (see https://jmespath.org/specification.html)';

const NOT_JSON = 'has backticks around text that is not JSON; write text in single quotes';

/** @returns the expression, or a fault that continues the sentence "the expression …" */
export function parseJmesPath(text: string): Result<Expression, string> {
  if (text.trim() === '') return failed('is empty');
  if (text.length > LONGEST) return failed(`is longer than ${LONGEST} characters`);
  const unclosed = quotingFault(text);
  if (unclosed !== undefined) return failed(unclosed);
  let tokens: readonly Token[];
  try {
    tokens = tokenize(text);
  } catch {
    return failed(text.includes('`') ? NOT_JSON : NOT_JMESPATH);
  }
  const spelling = tokensFault(text, tokens);
  if (spelling !== undefined) return failed(spelling);
  try {
    const expression = compile(text);
    const fault = meaningFault(expression);
    return fault === undefined ? ok(expression) : failed(fault);
  } catch {
    // The message of the package quotes the expression.
    return failed(bracketsFault(tokens) ?? NOT_JMESPATH);
  }
}

const QUOTED =
  /'(?:[^'\\]|\\['\\]|\\(?!['\\]))*'|"(?:[^"\\]|\\["\\]|\\(?!["\\]))*"|`(?:[^`\\]|\\[`\\]|\\(?![`\\]))*`/g;

/** The lexer accepts a quote that is not closed, and drops its last character. */
function quotingFault(text: string): string | undefined {
  const [open] = /['"`]/.exec(text.replace(QUOTED, '')) ?? [];
  return open === undefined ? undefined : `has a quote (${open}) that is not closed`;
}

// Tokens that end an operand, and tokens that start one: between the two, an operator or a comma is missing.
const ENDS: ReadonlySet<string> = new Set([
  ...['UnquotedIdentifier', 'QuotedIdentifier', 'Literal', 'Current', 'Number', 'Star'],
  ...['Rbracket', 'Rparen', 'Rbrace'],
]);
const BEGINS: ReadonlySet<string> = new Set([
  ...['UnquotedIdentifier', 'QuotedIdentifier', 'Literal', 'Current', 'Expref', 'Not'],
]);
const CLOSES: ReadonlySet<string> = new Set(['Rbracket', 'Rparen', 'Rbrace']);

// Extensions of the package.
const BEYOND: ReadonlySet<string> = new Set([
  ...['Variable', 'Assign', 'Root', 'Plus', 'Multiply', 'Divide', 'Modulo', 'Div', 'Question'],
]);

function tokensFault(text: string, tokens: readonly Token[]): string | undefined {
  for (const [index, token] of tokens.entries()) {
    const type: string = token.type;
    const next: string = tokens[index + 1]?.type ?? 'EOF';
    if (type === 'Minus')
      return 'has a hyphen outside quotes; write a key that contains a hyphen in double quotes, as in "db-host"';
    if (type === 'Number' && !/^-?\d+(?![-\d])/.test(text.slice(token.start)))
      return `has a number that is not an index at character ${token.start + 1}`;
    if (BEYOND.has(type))
      return `has ${quote(text.charAt(token.start))} at character ${token.start + 1}, which is not part of JMESPath`;
    if (ENDS.has(type) && BEGINS.has(next))
      return `lacks a comma or a dot before character ${(tokens[index + 1]?.start ?? 0) + 1}`;
    if (type === 'Comma' && CLOSES.has(next))
      return `ends a list with a comma at character ${token.start + 1}`;
  }
  return undefined;
}

const OPENING: Readonly<Record<string, number>> = { Lbracket: 1, Filter: 1, Lparen: 1, Lbrace: 1 };

function bracketsFault(tokens: readonly Token[]): string | undefined {
  const open = tokens.reduce(
    (sum, { type }) => sum + (OPENING[type as string] ?? 0) - (CLOSES.has(type) ? 1 : 0),
    0,
  );
  if (open > 0) return 'has an opening bracket that is not closed';
  return open < 0 ? 'has a closing bracket without an opening one' : undefined;
}

/** Faults of expressions that the parser accepts but that cannot be evaluated. */
function meaningFault(node: Expression): string | undefined {
  switch (node.type) {
    case 'Function':
      return functionFault(node.name, node.children);
    case 'ExpressionReference':
      return 'has & outside the arguments of sort_by, max_by, min_by and map';
    case 'Slice':
      return node.step === 0 ? 'has a slice with step 0' : undefined;
    case 'Flatten':
    case 'NotExpression':
      return meaningFault(node.child);
    case 'MultiSelectList':
      return node.children.length === 0 ? 'selects an empty list' : firstFault(node.children);
    case 'MultiSelectHash':
      return firstFault(node.children.map((pair) => pair.value));
    case 'FilterProjection':
      return firstFault([node.left, node.condition, node.right]);
    case 'AndExpression':
    case 'Comparator':
    case 'IndexExpression':
    case 'OrExpression':
    case 'Pipe':
    case 'Projection':
    case 'Subexpression':
    case 'ValueProjection':
      return firstFault([node.left, node.right]);
    case 'Current':
    case 'Field':
    case 'Identity':
    case 'Index':
    case 'Literal':
      return undefined;
    case 'Arithmetic':
    case 'Binding':
    case 'LetExpression':
    case 'Root':
    case 'Ternary':
    case 'Unary':
    case 'Variable':
      return NOT_JMESPATH;
  }
}

function firstFault(nodes: readonly Expression[]): string | undefined {
  for (const node of nodes) {
    const fault = meaningFault(node);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function functionFault(name: string, given: readonly Expression[]): string | undefined {
  if (!isFunctionName(name)) return `calls ${quote(name)}, which is not a JMESPath function`;
  if (!takesArguments(name, given.length)) return `calls ${name} with ${given.length} arguments`;
  for (const [index, argument] of given.entries()) {
    const isReference = argument.type === 'ExpressionReference';
    if (isReference !== (parameterAt(name, index)?.includes('expression') ?? false)) {
      return isReference
        ? `calls ${name} with an expression (&) instead of a value`
        : `calls ${name} without an expression (&) as argument ${index + 1}`;
    }
    const fault = meaningFault(isReference ? argument.child : argument);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
