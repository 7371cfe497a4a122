/** Kinds of settings: the values that each accepts, and how messages describe them. */
import { formatDuration, parseDuration } from '../../core/duration.ts';
import type { JsonObject } from '../../core/json.ts';
import { parseQuantity } from '../../core/pod/quantity.ts';
import { parseNoProxy, parseProxy } from '../proxy.ts';

/** A type of setting. `parse` returns undefined for text that it does not accept. */
export interface Kind<T> {
  /** Follows the flag in the help text. Empty for a switch, which needs no value. */
  readonly placeholder: string;
  readonly expects: string;
  readonly parse: (text: string) => T | undefined;
  /** Merges the values of a flag that can be set several times. Without it, a second value is a problem. */
  merge?(values: readonly T[]): T;
  /** Prints a default in the help text; `String` if absent. */
  show?(value: T): string;
  /** Messages do not quote the value, which can contain credentials, for example in a URL. */
  readonly private?: true;
  /** A JSON Schema of one value in YAML, for the values of the chart. Text if absent. */
  readonly yaml?: JsonObject;
}

/** One of several words. */
export function choice<const T extends string>(...words: readonly T[]): Kind<T> {
  return {
    placeholder: words.join('|'),
    expects: `one of ${words.join(', ')}`,
    yaml: { enum: words },
    parse: (text) => words.find((word) => word === text),
  };
}

/** A whole number within bounds. */
export function integer(least: number, most: number, placeholder = 'number'): Kind<number> {
  return {
    placeholder,
    expects: `a whole number from ${least} to ${most}`,
    yaml: { type: 'integer', minimum: least, maximum: most },
    parse: (text) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
  };
}

/** A TCP port. With 0 the system chooses a free port; tests use this. */
export const PORT: Kind<number> = integer(0, 65_535, 'port');

/** True or false. The flag needs no value. */
export const SWITCH: Kind<boolean> = {
  placeholder: '',
  expects: 'true or false',
  yaml: { type: 'boolean' },
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

/** The path of a file. Reading the settings does not check whether it exists. */
export const PATH: Kind<string> = {
  placeholder: 'path',
  expects: 'the path of a file',
  parse: (text) => (text.includes('\0') ? undefined : text),
};

// An image reference: registry, path, tag, digest. Kubernetes and the container runtime check the details.
const IMAGE_REFERENCE = /^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,511}$/;

export const IMAGE: Kind<string> = {
  placeholder: 'reference',
  expects: 'an image reference such as registry.example/aws-secrets-injector@sha256:…',
  parse: (text) => (IMAGE_REFERENCE.test(text) ? text : undefined),
};

/** Image references without tags, as in the ConfigMap of the guard. */
export const REPOSITORIES: Kind<readonly string[]> = {
  placeholder: 'repositories',
  expects: 'repositories such as mirror.example/aws-secrets-injector, separated by spaces',
  parse: (text) => {
    const repositories = text.split(/\s+/).filter((each) => each !== '');
    return repositories.every((each) => IMAGE_REFERENCE.test(each)) ? repositories : undefined;
  },
  merge: (lists) => lists.flat(),
};

/** A proxy for the fetcher. */
export const PROXY: Kind<string> = {
  placeholder: 'url',
  expects: 'the URL of an http proxy such as http://proxy.example:3128',
  private: true,
  // Kubernetes would expand `$(…)` in the value of a variable.
  parse: (text) => parseProxy(text)?.href.replaceAll('$', '%24'),
};

/** Hosts that are reached without a proxy. */
export const NO_PROXY: Kind<string> = {
  placeholder: 'hosts',
  expects: 'host names, domains, IP addresses or CIDR ranges, separated by commas',
  parse: (text) => (text.length > 4096 ? undefined : parseNoProxy(text)?.join(',')),
};

/** Where traces are sent. The URL becomes a variable of every pod, so it has no credentials. */
export const TRACES_ENDPOINT: Kind<string> = {
  placeholder: 'url',
  expects:
    'an http or https URL with a path, such as http://collector.example:4318/v1/traces, without credentials',
  private: true,
  parse: (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
    // Kubernetes would expand `$(…)` in the value of a variable. The guard compares the text with the variable.
    const isPlain = /^[!-~]{1,1024}$/.test(text) && !/[$@?#,]/.test(text);
    return isHttp && isPlain && url.pathname !== '/' ? text : undefined;
  },
};

/** A part of a whole, from 0 to 1. */
export const RATIO: Kind<number> = {
  placeholder: 'ratio',
  expects: 'a number from 0 to 1, such as 0.1',
  yaml: { type: 'number', minimum: 0, maximum: 1 },
  parse: (text) => (/^(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)$/.test(text) ? Number(text) : undefined),
};

/** An address to listen on. */
export const ADDRESS: Kind<string> = {
  placeholder: 'address',
  expects: 'an IP address',
  parse: (text) => (/^[0-9a-fA-F.:]{2,45}$/.test(text) ? text : undefined),
};

/** The name of an object, or a DNS name. */
export const DNS_NAME: Kind<string> = {
  placeholder: 'name',
  expects: 'a DNS name in lower case',
  parse: (text) => (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text) ? text : undefined),
};

/** Names of objects, separated by commas. */
export const NAMES: Kind<readonly string[]> = {
  placeholder: 'names',
  expects: 'names of objects, separated by commas',
  parse: (text) => {
    const names = text.split(',').map((name) => name.trim());
    return names.every((name) => DNS_NAME.parse(name) !== undefined) ? names : undefined;
  },
  merge: (lists) => lists.flat(),
  show: (names) => names.join(','),
};

/** A Kubernetes quantity greater than zero, or `none` to omit the field. */
export const QUANTITY: Kind<string> = {
  placeholder: 'quantity|none',
  expects: 'a Kubernetes quantity such as 250m or 128Mi, or none',
  yaml: { type: ['string', 'integer'], minLength: 1 },
  parse: (text) => (text === 'none' || (parseQuantity(text) ?? 0) > 0 ? text : undefined),
};

/** A duration such as `5m`, as seconds within bounds. */
export function duration(least: number, most: number, bounds: string): Kind<number> {
  return {
    placeholder: 'duration',
    expects: `an integer and s, m or h, ${bounds}`,
    yaml: { type: 'string', pattern: '^[0-9]+[smh]$' },
    parse: (text) => {
      const seconds = parseDuration(text);
      return seconds !== undefined && seconds >= least && seconds <= most ? seconds : undefined;
    },
    show: formatDuration,
  };
}

export interface NamespaceChoice<T extends string> {
  readonly namespace: string;
  readonly choice: T;
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** `namespace=word` pairs, one for each flag, or separated by commas or line feeds. */
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

/** `NAME=VALUE` pairs that are allowed, one for each flag, or separated by commas or line feeds. */
export function variables(
  isAllowed: (variable: Variable) => boolean,
  allowed: string,
): Kind<readonly Variable[]> {
  return {
    placeholder: 'NAME=VALUE',
    expects: `NAME=VALUE with a NAME of ${allowed}, each name once`,
    private: true,
    parse: (text) => parseVariables(text, isAllowed),
    merge: (lists) => lists.flat(),
  };
}

function parseVariables(
  text: string,
  isAllowed: (variable: Variable) => boolean,
): readonly Variable[] | undefined {
  const found = new Map<string, string>();
  // A comma separates pairs only before a name or at the end of a line, so that values can contain commas.
  for (const part of text.split(/,?[ \t\r]*(?:\n|$)|,(?=[ \t]*[A-Z0-9_]+=)/)) {
    const pair = part.trim();
    if (pair === '') continue;
    const [, name, value] = /^([A-Z0-9_]+)=([^\p{Cc}]{1,4096})$/u.exec(pair) ?? [];
    if (name === undefined || value === undefined || found.has(name)) return undefined;
    if (!isAllowed({ name, value })) return undefined;
    found.set(name, value);
  }
  return [...found].map(([name, value]) => ({ name, value }));
}

/** The audience of a service account token, as the API server and IAM accept it. */
export const AUDIENCE: Kind<string> = {
  placeholder: 'audience',
  expects: 'an audience such as sts.amazonaws.com, of 1 to 255 printable ASCII characters without blanks',
  parse: (text) => (/^[!-~]{1,255}$/.test(text) ? text : undefined),
};
