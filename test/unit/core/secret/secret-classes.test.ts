/** A file holds the value itself: the column `file.<name>` of docs/reference/values.md. */
import { expect, it } from 'vitest';
import { renderSample, SECRET_CLASSES, verdictOn } from '../../../values/secret-classes.ts';

it.each(SECRET_CLASSES.filter((one) => verdictOn(one, 'raw') === 'exact'))('$name', ({ samples }) => {
  for (const sample of samples)
    expect(renderSample(sample, 'raw')).toEqual({ files: { f: sample.value }, directories: [] });
  expect(samples).not.toEqual([]);
});
