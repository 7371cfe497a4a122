/** Kinds of settings: what text each accepts, and how that is said to the operator. */
import { parseQuantity } from '../../core/pod/quantity.ts';

/** A type of setting. `parse` answers undefined for text that it does not accept. */
export interface Kind<T> {
  /** Stands behind the flag in the help text; empty for a switch, which needs no value. */
  readonly placeholder: string;
  readonly expects: string;
  readonly parse: (text: string) => T | undefined;
  /** Joins the values of a flag that may be given several times; without it a second one is a problem. */
  merge?(values: readonly T[]): T;
  /** The value may hold what does not belong into a message, such as credentials in a URL. */
  readonly private?: true;
}

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): Kind<T> {
  return {
    placeholder: words.join('|'),
    expects: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text),
  };
}

/** A whole number within bounds. */
export function integer(least: number, most: number, placeholder = 'number'): Kind<number> {
  return {
    placeholder,
    expects: `a whole number from ${least} to ${most}`,
    parse: (text) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
  };
}

/** A TCP port. 0 lets the system choose, which is for tests. */
export const PORT: Kind<number> = integer(0, 65_535, 'port');

/** Yes or no. As a flag it needs no value. */
export const SWITCH: Kind<boolean> = {
  placeholder: '',
  expects: 'true or false',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

/** A file's path. Whether the file is there is known only when it is read. */
export const PATH: Kind<string> = {
  placeholder: 'path',
  expects: 'the path of a file',
  parse: (text) => (text.includes('\0') ? undefined : text),
};

// An image reference: registry, path, tag, digest. Kubernetes and the runtime are the judges of the rest.
const IMAGE_REFERENCE = /^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,511}$/;

export const IMAGE: Kind<string> = {
  placeholder: 'reference',
  expects: 'an image reference such as registry.example/aws-secrets-injector@sha256:…',
  parse: (text) => (IMAGE_REFERENCE.test(text) ? text : undefined),
};

/** Images without their tags, as the guard's ConfigMap lists them. */
export const REPOSITORIES: Kind<readonly string[]> = {
  placeholder: 'repositories',
  expects: 'repositories such as mirror.example/aws-secrets-injector, separated by blanks',
  parse: (text) => {
    const repositories = text.split(/\s+/).filter((each) => each !== '');
    return repositories.every((each) => IMAGE_REFERENCE.test(each)) ? repositories : undefined;
  },
  merge: (lists) => lists.flat(),
};

/** An address to listen on. */
export const ADDRESS: Kind<string> = {
  placeholder: 'address',
  expects: 'an IP address',
  parse: (text) => (/^[0-9a-fA-F.:]{2,45}$/.test(text) ? text : undefined),
};

/** A Kubernetes quantity greater than zero, or `none` to leave the field out. */
export const QUANTITY: Kind<string> = {
  placeholder: 'quantity|none',
  expects: 'a Kubernetes quantity such as 250m or 128Mi, or none',
  parse: (text) => (text === 'none' || (parseQuantity(text) ?? 0) > 0 ? text : undefined),
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** A duration such as `5m`, within bounds in seconds. It stays text, which is how people want to see it. */
export function duration(least: number, most: number, bounds: string): Kind<string> {
  return {
    placeholder: 'duration',
    expects: `an integer and s, m or h, ${bounds}`,
    parse: (text) => {
      const seconds = durationSeconds(text);
      return seconds >= least && seconds <= most ? text : undefined;
    },
  };
}

/** @returns NaN for text that is no duration */
export function durationSeconds(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  return Number(count) * (UNIT_SECONDS[unit] ?? Number.NaN);
}

export interface NamespaceChoice<T extends string> {
  readonly namespace: string;
  readonly choice: T;
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** `namespace=word` pairs, one per flag or separated by commas or line feeds. */
export function namespaceChoices<const T extends string>(
  ...words: readonly T[]
): Kind<readonly NamespaceChoice<T>[]> {
  return {
    placeholder: 'namespace=mode',
    expects: `namespace=mode with a mode of ${words.join(', ')}`,
    parse: (text) => {
      const pairs = text.split(/[\n,]/).map((pair) => pair.trim());
      const parsed = pairs
        .filter((pair) => pair !== '')
        .map((pair) => {
          const [namespace = '', word, ...rest] = pair.split('=');
          const choice = words.find((one) => one === word);
          const isRight = choice !== undefined && rest.length === 0 && NAMESPACE.test(namespace);
          return isRight ? { namespace, choice } : undefined;
        });
      return parsed.every((one) => one !== undefined) ? parsed : undefined;
    },
    merge: (lists) => lists.flat(),
  };
}

export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** `NAME=VALUE` pairs, one per flag or separated by commas or line feeds, of names that are allowed. */
export function variables(isAllowed: (name: string) => boolean, allowed: string): Kind<readonly Variable[]> {
  return {
    placeholder: 'NAME=VALUE',
    expects: `NAME=VALUE with a NAME of ${allowed}, each name once`,
    private: true,
    parse: (text) => parseVariables(text, isAllowed),
    merge: (lists) => lists.flat(),
  };
}

function parseVariables(text: string, isAllowed: (name: string) => boolean): readonly Variable[] | undefined {
  const found = new Map<string, string>();
  // A comma separates only where a name follows, so that values may hold commas.
  for (const part of text.split(/\n|,(?=[A-Z0-9_]+=)/)) {
    const pair = part.trim();
    if (pair === '') continue;
    const [, name, value] = /^([A-Z0-9_]+)=([^\p{Cc}]{1,4096})$/u.exec(pair) ?? [];
    if (name === undefined || value === undefined || !isAllowed(name) || found.has(name)) return undefined;
    found.set(name, value);
  }
  return [...found].map(([name, value]) => ({ name, value }));
}
