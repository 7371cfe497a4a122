/** Recognizes values that look like secrets: by well-known shapes, by the name of the variable, and by entropy. */

interface Shape {
  readonly what: string;
  readonly pattern: RegExp;
}

// Prefixes and lengths are those that the vendors document for secret scanning.
const SHAPES: readonly Shape[] = [
  { what: 'a private key', pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/ },
  { what: 'an access key ID of AWS', pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/ },
  { what: 'a token of GitHub', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})/ },
  { what: 'a token of GitLab', pattern: /\bglpat-[A-Za-z0-9_-]{20,}/ },
  { what: 'a token of Slack', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{20,}/ },
  { what: 'a key of Stripe', pattern: /\b[rs]k_live_[A-Za-z0-9]{20,}/ },
  { what: 'an API key of Google', pattern: /\bAIza[A-Za-z0-9_-]{35}\b/ },
  { what: 'an API key of SendGrid', pattern: /\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}/ },
  { what: 'a token of npm', pattern: /\bnpm_[A-Za-z0-9]{36}\b/ },
  { what: 'a token of Vault', pattern: /\bhv[bs]\.[A-Za-z0-9_-]{24,}/ },
  { what: 'a token of DigitalOcean', pattern: /\bdo[opr]_v1_[a-f0-9]{64}\b/ },
  { what: 'a secret key of age', pattern: /\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b/ },
  {
    what: 'a JSON web token',
    pattern: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}/,
  },
  {
    what: 'a URL with a password',
    pattern: /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@${<]{1,128}:(?![$<{%])[^\s/@$]{3,256}@[^\s/]/i,
  },
  { what: 'a connection string with a key', pattern: /\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}/ },
];

/** A name that says that the value is a password. Any value of it counts. */
const PASSWORD_NAME = /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PWD)$/i;
/** A name that often belongs to a secret, and sometimes to its name or kind. */
const SECRET_NAME = /(?:^|_)(?:SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|SECRET_KEY)$/i;
/** References, paths, URLs, ARNs, switches and placeholders. */
const HARMLESS =
  /^(?:\$|\/|\.{1,2}\/|arn:|file:|https?:\/\/|<|\{\{|%|true$|false$|none$|null$|yes$|no$|\d{1,3}$|$)/i;
const IDENTIFIERS = /^(?:[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|sha(?:256|512)[:-].*)$/i;
/** Longer values are files rather than keys. */
const LONGEST = 4096;

/** The shape of a well-known secret that a text contains. @returns what it looks like, for a message */
export function secretShape(text: string): string | undefined {
  const head = text.slice(0, LONGEST);
  return SHAPES.find(({ pattern }) => pattern.test(head))?.what;
}

/** Judges the value of a variable. @returns what it looks like, for a message; never a part of the value */
export function plainTextSecret(name: string, value: string): string | undefined {
  const shape = secretShape(value);
  if (shape !== undefined) return shape;
  const text = value.trim();
  if (text.length > LONGEST || HARMLESS.test(text)) return undefined;
  if (PASSWORD_NAME.test(name) && /^\S{3,}$/.test(text)) return 'a password';
  if (SECRET_NAME.test(name) && /^\S{8,}$/.test(text) && isMixed(text) && entropy(text) >= 3)
    return 'a secret';
  // Identifiers and digests are as random as keys, and public.
  if (!/^[A-Za-z0-9+/_=-]{32,256}$/.test(text) || IDENTIFIERS.test(text)) return undefined;
  const isRandom = /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text) && entropy(text) >= 4.3;
  return isRandom && !isWords(text) ? 'a random key' : undefined;
}

function isMixed(text: string): boolean {
  return /\d/.test(text) && /[a-z]/i.test(text);
}

/** Paths and names of several words have many letters, and few changes between letters, digits and cases. */
function isWords(text: string): boolean {
  // Each word is taken out once: one expression for the whole would try every way to divide the letters.
  const isWord = (part: string): boolean => part.replace(/[A-Z]?[a-z]{3,}|[A-Z]{3,}/g, '') === '';
  const words = text.split(/[^A-Za-z]+/).filter(isWord);
  return words.join('').length > text.length / 2;
}

/** Shannon's entropy, in bits for each character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
