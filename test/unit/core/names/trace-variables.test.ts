import { expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent } from '../../../../src/core/names/trace-variables.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

it('what is written can be read', () => {
  const text = formatTraceparent({ traceId: TRACE, spanId: SPAN });
  expect(text).toBe(`00-${TRACE}-${SPAN}-01`);
  expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN });
});

it.each([
  ['nothing', ''],
  ['another version', `01-${TRACE}-${SPAN}-01`],
  ['not sampled', `00-${TRACE}-${SPAN}-00`],
  ['uppercase', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['a second line', `00-${TRACE}-${SPAN}-01\n`],
  ['more after it', `00-${TRACE}-${SPAN}-01-x`],
])('is no trace context: %s', (_name, text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});
