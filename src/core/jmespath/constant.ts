/** Which expressions give the same result for every secret: what they select is text of the expression itself. */
import type { Expression } from './syntax.ts';

/**
 * Whether the result of an expression does not depend on the secret.
 * @param given whether the value that the expression is applied to is itself a constant
 */
export function isConstant(node: Expression, given = false): boolean {
  switch (node.type) {
    case 'Literal':
      return true;
    case 'Pipe':
      return isConstant(node.right, isConstant(node.left, given));
    // The right side, or the condition, sees only what the left side gives.
    case 'FilterProjection':
    case 'IndexExpression':
    case 'Projection':
    case 'Subexpression':
    case 'ValueProjection':
      return isConstant(node.left, given);
    case 'Flatten':
    case 'NotExpression':
      return isConstant(node.child, given);
    case 'MultiSelectList':
      return node.children.every((child) => isConstant(child, given));
    case 'MultiSelectHash':
      return node.children.every((pair) => isConstant(pair.value, given));
    case 'OrExpression':
      return isPresent(node.left) || (isConstant(node.left, given) && isConstant(node.right, given));
    case 'AndExpression':
    case 'Comparator':
      return isConstant(node.left, given) && isConstant(node.right, given);
    case 'Function': {
      const [first] = node.children;
      if (node.name === 'not_null' && first !== undefined && isPresent(first)) return true;
      return node.children.every((child) => child.type === 'ExpressionReference' || isConstant(child, given));
    }
    default:
      return given;
  }
}

/** A literal that `||` and `not_null` return before they look at anything else. */
function isPresent(node: Expression): boolean {
  return node.type === 'Literal' && typeof node.value === 'string' && node.value !== '';
}
