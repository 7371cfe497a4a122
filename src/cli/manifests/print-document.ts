/** Prints an edited YAML document. Scalars keep their text, and collections the indentation that they have in the source. */
import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isSeq,
  type Scalar,
  type ScalarTag,
  type Tags,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

type PrintScalar = NonNullable<ScalarTag['stringify']>;
type Context = Parameters<PrintScalar>[1];

/** Tags for {@link printDocument}: scalars print as in the source, so that `0400`, `yes` and `'a'` stay as they are. */
export function sourceTags(source: string): (tags: Tags) => Tags {
  return (tags) =>
    tags.map((tag) => {
      if (typeof tag === 'string' || tag.collection !== undefined || tag.stringify === undefined) return tag;
      const print = tag.stringify;
      const stringify: PrintScalar = (node, context, onComment, onChompKeep) =>
        sourceText(source, node, context, onComment, onChompKeep) ??
        print(node, context, onComment, onChompKeep);
      return { ...tag, stringify };
    });
}

/** Prints a document that was parsed from a source with its {@link sourceTags}. */
export function printDocument(document: Document, source: string): string {
  visit(document, {
    Collection: (_key, node) => {
      const print = node.toString.bind(node);
      node.toString = (context?: Context, onComment?: () => void, onChompKeep?: () => void) =>
        print(context && withLayout(context, node, source), onComment, onChompKeep);
    },
  });
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true });
  // Comments of several lines contain the line ends of the source.
  return source.includes('\r\n') ? text.replaceAll(/\r*\n/g, '\r\n') : text;
}

/** Prints the only document of a JSON file. @returns undefined if the source is not JSON */
export function printJson(data: unknown, source: string): string | undefined {
  if (!/^\s*\{/.test(source)) return undefined;
  try {
    JSON.parse(source);
  } catch {
    return undefined;
  }
  const [, newline = '\n', indentation] = /\{(\r?\n)([ \t]+)/.exec(source) ?? [];
  return `${JSON.stringify(data, undefined, indentation)}\n`.replaceAll('\n', newline);
}

/** @returns undefined for a scalar that the source does not contain, or whose lines do not fit the new indentation */
function sourceText(
  source: string,
  node: Scalar,
  context: Context,
  onComment?: () => void,
  onChompKeep?: () => void,
): string | undefined {
  if (node.range == null) return undefined;
  const [start, end] = node.range;
  const text = source.slice(start, end).replaceAll('\r\n', '\n');
  const margins = [...text.matchAll(/\n( *)[^ \n]/g)].map(([, margin = '']) => margin.length);
  if (Math.min(...margins) < context.indent.length) return undefined;
  const [header, indicators = ''] = /^[|>](\S*).*\n/.exec(text) ?? [];
  if (header === undefined) return text + gapBeforeComment(source, end, context);
  if (/\d/.test(indicators)) return undefined;
  // The first line of a block scalar may contain a comment.
  onComment?.();
  if (indicators === '+') onChompKeep?.();
  return text.replace(/\n$/, '');
}

/** Keeps aligned comments aligned. The printer adds a space only after text that does not end with a space. */
function gapBeforeComment(source: string, end: number, context: Context): string {
  if (context.inFlow === true) return '';
  const gap = /[ \t]+(?=#)/y;
  gap.lastIndex = end;
  return gap.exec(source)?.[0] ?? '';
}

function withLayout(context: Context, node: YAMLMap | YAMLSeq, source: string): Context {
  if (node.range == null) return context;
  if (node.flow === true)
    return { ...context, flowCollectionPadding: source[node.range[0] + 1] === ' ' ? ' ' : '' };
  return isMap(node) ? withIndentation(context, node, source) : context;
}

/** Indents the values of a map as in the source. Lists can have the indentation of their key. */
function withIndentation(context: Context, map: YAMLMap, source: string): Context {
  const keyColumn = columnOf(map.items[0]?.key, source);
  const values = map.items.map((pair) => pair.value).filter((one) => isCollection(one) && one.flow !== true);
  const stepTo = (value: unknown): number => {
    const column = columnOf(value, source);
    return keyColumn === undefined || column === undefined ? 0 : Math.max(0, column - keyColumn);
  };
  const list = values.find((value) => isSeq(value) && value.range != null);
  // Without indentSeq, the printer moves lists two columns to the left.
  const stepForList = list === undefined ? context.indentStep.length : stepTo(list) || 2;
  const step = stepTo(values.find((value) => isMap(value))) || stepForList;
  const indentSeq = list === undefined ? context.options.indentSeq : stepTo(list) >= step;
  return { ...context, indentStep: ' '.repeat(step), options: { ...context.options, indentSeq } };
}

function columnOf(node: unknown, source: string): number | undefined {
  if (!isNode(node) || node.range == null) return undefined;
  return node.range[0] - source.lastIndexOf('\n', node.range[0] - 1) - 1;
}
