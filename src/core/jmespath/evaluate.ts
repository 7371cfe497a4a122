/**
 * Evaluates JMESPath on the JSON of a secret. README.md says why this is own code. Only own properties are read, and every
 * step is counted, because a short expression can double its result a hundred times.
 */

import { failed, ok, type Result } from '../problems/result.ts';
import { type JsonNode, membersOf, numberOf } from '../secret/secret-json.ts';
import { areEqual, type Caller, callFunction, typeOf } from './functions.ts';
import { isFunctionName, type Parameter, parameterAt } from './signatures.ts';
import type { Expression } from './syntax.ts';

/** Visits, elements and characters. Expressions over 64 KiB of JSON stay far below. */
const MOST_STEPS = 1_000_000;

class Unanswerable extends Error {
  readonly fault: string;

  constructor(fault: string) {
    super('JMESPath');
    this.fault = fault;
  }
}

/** @returns the result (null for nothing), or a fault that continues the sentence "the expression …" */
export function evaluate(expression: Expression, root: JsonNode): Result<JsonNode, string> {
  let left = MOST_STEPS;
  const spend = (steps: number): void => {
    left -= steps;
    if (left < 0) throw new Unanswerable('needs too many steps on this secret');
  };
  try {
    return ok(visit(expression, root, spend));
  } catch (error) {
    if (error instanceof Unanswerable) return failed(error.fault);
    // The end of the stack: the JSON of the secret is nested thousands of levels deep.
    if (error instanceof RangeError) return failed('reaches JSON that is nested too deeply');
    throw error;
  }
}

type Spend = (steps: number) => void;

function visit(node: Expression, value: JsonNode, spend: Spend): JsonNode {
  spend(1);
  switch (node.type) {
    case 'Current':
    case 'Identity':
      return value;
    case 'Literal':
      return finite(node.value as JsonNode);
    case 'Field':
      return memberOf(value, node.name);
    case 'Index':
      return Array.isArray(value) ? (value.at(node.value) ?? null) : null;
    case 'Slice':
      return Array.isArray(value) ? slice(value, node, spend) : null;
    case 'IndexExpression':
    case 'Pipe':
    case 'Subexpression':
      return visit(node.right, visit(node.left, value, spend), spend);
    case 'Projection':
      return project(arrayOf(visit(node.left, value, spend)), node.right, spend);
    case 'ValueProjection': {
      const members = membersOf(visit(node.left, value, spend));
      return project(members && Object.values(members), node.right, spend);
    }
    case 'FilterProjection': {
      const items = arrayOf(visit(node.left, value, spend));
      const kept = items?.filter((item) => isTrue(visit(node.condition, item, spend), spend));
      return project(kept, node.right, spend);
    }
    case 'Flatten':
      return flatten(visit(node.child, value, spend), spend);
    case 'MultiSelectList':
      return value === null ? null : node.children.map((child) => visit(child, value, spend));
    case 'MultiSelectHash':
      if (value === null) return null;
      // An assignment would set the prototype for the key __proto__.
      return Object.fromEntries(node.children.map((pair) => [pair.name, visit(pair.value, value, spend)]));
    case 'OrExpression': {
      const first = visit(node.left, value, spend);
      return isTrue(first, spend) ? first : visit(node.right, value, spend);
    }
    case 'AndExpression': {
      const first = visit(node.left, value, spend);
      return isTrue(first, spend) ? visit(node.right, value, spend) : first;
    }
    case 'NotExpression':
      return !isTrue(visit(node.child, value, spend), spend);
    case 'Comparator':
      return compare(node.name, visit(node.left, value, spend), visit(node.right, value, spend), spend);
    case 'Function':
      return call(node.name, node.children, value, spend);
    default:
      // parseJmesPath rejects these.
      throw new Unanswerable('is not valid JMESPath');
  }
}

function memberOf(value: JsonNode, name: string): JsonNode {
  const members = membersOf(value);
  return members !== undefined && Object.hasOwn(members, name) ? (members[name] ?? null) : null;
}

function arrayOf(value: JsonNode): readonly JsonNode[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Nulls are dropped from a projection. */
function project(items: readonly JsonNode[] | undefined, each: Expression, spend: Spend): JsonNode {
  if (items === undefined) return null;
  spend(items.length);
  return items.map((item) => visit(each, item, spend)).filter((item) => item !== null);
}

function flatten(value: JsonNode, spend: Spend): JsonNode {
  const items = arrayOf(value);
  if (items === undefined) return null;
  spend(items.reduce((sum: number, item) => sum + (Array.isArray(item) ? item.length : 1), 0));
  return items.flat() as JsonNode[];
}

/** The rules of Python for slices, as in the specification. */
function slice(
  items: readonly JsonNode[],
  bounds: { readonly start: number | null; readonly stop: number | null; readonly step: number | null },
  spend: Spend,
): JsonNode {
  const step = bounds.step ?? 1;
  const [lowest, highest] = step > 0 ? [0, items.length] : [-1, items.length - 1];
  const limit = (bound: number | null, otherwise: number): number =>
    bound === null
      ? otherwise
      : Math.min(Math.max(bound < 0 ? bound + items.length : bound, lowest), highest);
  const start = limit(bounds.start, step > 0 ? lowest : highest);
  const stop = limit(bounds.stop, step > 0 ? highest : lowest);
  const kept: JsonNode[] = [];
  for (let index = start; step > 0 ? index < stop : index > stop; index += step)
    kept.push(items[index] ?? null);
  spend(kept.length);
  return kept;
}

/** Null, false and everything empty are false; 0 is true. */
function isTrue(value: JsonNode, spend: Spend): boolean {
  if (value === null || value === false || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return membersOf(value) === undefined || sizeOf(value, spend) > 0;
}

/** The size of a value, which counts as work. */
function sizeOf(value: JsonNode, spend: Spend): number {
  const members = membersOf(value);
  const size = members === undefined ? lengthOf(value) : Object.keys(members).length;
  spend(size);
  return size;
}

function lengthOf(value: JsonNode): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 1;
}

/** All values can be compared for equality; only numbers have an order. */
function compare(
  name: 'EQ' | 'NE' | 'GT' | 'GTE' | 'LT' | 'LTE',
  left: JsonNode,
  right: JsonNode,
  spend: Spend,
): JsonNode {
  if (name === 'EQ') return areEqual(left, right, { spend });
  if (name === 'NE') return !areEqual(left, right, { spend });
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === undefined || b === undefined) return null;
  switch (name) {
    case 'GT':
      return a > b;
    case 'GTE':
      return a >= b;
    case 'LT':
      return a < b;
    case 'LTE':
      return a <= b;
  }
}

function call(name: string, children: readonly Expression[], value: JsonNode, spend: Spend): JsonNode {
  const fail = (fault: string): never => {
    throw new Unanswerable(fault);
  };
  if (!isFunctionName(name)) return fail(`calls an unknown function`);
  let reference: Expression | undefined;
  const given = children.map((child, index) => {
    if (child.type === 'ExpressionReference') {
      reference = child.child;
      return null;
    }
    const argument = visit(child, value, spend);
    sizeOf(argument, spend);
    if (!fits(argument, parameterAt(name, index) ?? [], spend))
      fail(`calls ${name} with a value of the wrong type as argument ${index + 1}`);
    return argument;
  });
  const caller: Caller = {
    spend,
    fail,
    evaluate: (item) => (reference === undefined ? null : visit(reference, item, spend)),
  };
  return finite(callFunction(name, given, caller));
}

/** A number out of the range of doubles would be written as null. */
function finite(value: JsonNode): JsonNode {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new Unanswerable('results in a number that is too large');
}

function fits(argument: JsonNode, types: readonly Parameter[], spend: Spend): boolean {
  const type = typeOf(argument);
  const containsOnly = (wanted: 'number' | 'string'): boolean => {
    const items = arrayOf(argument);
    // Sorting compares character by character.
    spend(items?.reduce((sum: number, item) => sum + lengthOf(item), 0) ?? 0);
    return items?.every((item) => typeOf(item) === wanted) ?? false;
  };
  return types.some((one) => {
    switch (one) {
      case 'any':
        return true;
      case 'numbers':
        return containsOnly('number');
      case 'strings':
        return containsOnly('string');
      case 'expression':
        return false;
      default:
        return one === type;
    }
  });
}
