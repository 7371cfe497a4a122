/** How messages name a part of the YAML form. */

import { quote } from '../problems/quote.ts';
import { PREFIX } from './prefix.ts';

/** The annotation that contains the YAML form. */
export const SECRETS = `${PREFIX}secrets`;

/** The keys and indices from the root list to a part. */
export type Path = readonly (string | number)[];

const PLAIN_KEY = /^[A-Za-z0-9_-]{1,64}$/;

/** For example `secrets-injector.dev/secrets[0].files["tls/key.pem"].mode`. */
export function subjectAt(path: Path): string {
  return SECRETS + fieldAt(path);
}

/** For example `[0].files["tls/key.pem"].mode`. */
export function fieldAt(path: Path): string {
  let field = '';
  for (const part of path) {
    if (typeof part === 'number') field += `[${part}]`;
    else field += PLAIN_KEY.test(part) ? `.${part}` : `[${quote(part, 48)}]`;
  }
  return field;
}
