/** Reads drawn pictures as a browser does. */
import { SaxesParser } from 'saxes';

/** The content of all elements `text`. @throws Error if the file is not XML */
export function textsOf(svg: string): readonly string[] {
  const texts: string[] = [];
  let isText = false;
  const parser = new SaxesParser();
  parser.on('opentag', ({ name }) => {
    isText = name === 'text';
  });
  parser.on('closetag', () => {
    isText = false;
  });
  parser.on('text', (text) => {
    if (isText) texts.push(text);
  });
  parser.write(svg).close();
  return texts;
}
