/** Secrets, and the values that variables and files get from them. All objects are immutable. */
import type { Dialect } from '../core/formats/index.ts';
import type { PemPart } from '../core/secret/pem.ts';
import type { Escape } from '../core/template/escapes.ts';

/** How a variable or a file gets its value. The options have the names of the YAML form. */
export interface ValueOptions {
  /** Whether the secret or the selected value may be missing. */
  readonly optional?: boolean;
  /** Text to use when the value is missing; implies `optional`. */
  readonly default?: string;
  readonly decode?: 'base64';
}

export interface FileOptions extends ValueOptions {
  /** Permissions in octal, such as `'0400'`. */
  readonly mode?: string;
  /** The part of a PEM bundle to write. */
  readonly pem?: PemPart;
}

export interface WholeFileOptions extends FileOptions {
  /** Writes every top-level key of the JSON secret in this format. */
  readonly format?: Dialect;
}

export interface TemplateOptions {
  readonly optional?: boolean;
  readonly mode?: string;
  /** For insertions that do not specify an escape. */
  readonly escape?: Escape;
}

/** How all keys of a JSON secret become variables or files. */
export interface KeyOptions {
  readonly include?: readonly string[];
  /** `*` matches any characters. */
  readonly exclude?: readonly string[];
  /** What to do when another key or the container already uses the name: fail, or skip the key. */
  readonly onCollision?: 'refuse' | 'skip';
  /** Whether the secret may be missing. */
  readonly optional?: boolean;
}

export interface VariableKeyOptions extends KeyOptions {
  readonly prefix?: string;
  readonly case?: 'upper' | 'lower' | 'keep';
}

export interface FileKeyOptions extends KeyOptions {
  readonly mode?: string;
}

/** What a variable or a file gets. @typeParam O the options, which are those of files for a value that only files can have */
export interface Value<O = ValueOptions> {
  readonly secret: Secret;
  readonly options: O & { readonly key?: string; readonly jmesPath?: string; readonly template?: string };
}

export type FileValue = Value<WholeFileOptions | TemplateOptions>;

/** All keys of a secret. */
export interface Keys<O = KeyOptions> {
  readonly secret: Secret;
  readonly keys: O;
}

/** Which version of a secret, from which Regions. */
export interface SecretVersion {
  readonly stage?: string;
  readonly id?: string;
  readonly failover?: readonly string[];
}

/** A secret of AWS Secrets Manager. In a request, it stands for its whole value, or for all of its keys. */
export class Secret {
  readonly arn: string;
  readonly version: SecretVersion;

  constructor(arn: string, version: SecretVersion = {}) {
    this.arn = arn;
    this.version = version;
    Object.freeze(this);
  }

  /** The version with a staging label. Without one, pods get `AWSCURRENT`. */
  atStage(stage: string): Secret {
    const { failover } = this.version;
    return new Secret(this.arn, { stage, ...(failover === undefined ? {} : { failover }) });
  }

  /** The version with an ID. */
  atVersion(id: string): Secret {
    const { failover } = this.version;
    return new Secret(this.arn, { id, ...(failover === undefined ? {} : { failover }) });
  }

  /** Uses the replicas in these Regions, in order, if the Region of the secret is unavailable. */
  failover(...regions: readonly string[]): Secret {
    return new Secret(this.arn, { ...this.version, failover: regions });
  }

  /** The value of a top-level key of the JSON secret. */
  key(name: string): Value;
  key<O extends ValueOptions | FileOptions>(name: string, options: O): Value<O>;
  key(name: string, options: FileOptions = {}): Value<FileOptions> {
    return { secret: this, options: { ...options, key: name } };
  }

  /** The value that a JMESPath expression selects from the JSON secret. */
  jmesPath(expression: string): Value;
  jmesPath<O extends ValueOptions | FileOptions>(expression: string, options: O): Value<O>;
  jmesPath(expression: string, options: FileOptions = {}): Value<FileOptions> {
    return { secret: this, options: { ...options, jmesPath: expression } };
  }

  /** The whole value, byte for byte. */
  whole<O extends ValueOptions | WholeFileOptions>(options: O): Value<O> {
    return { secret: this, options };
  }

  /** A file that a Mustache template describes, filled from the JSON secret. */
  template(text: string, options: TemplateOptions = {}): Value<TemplateOptions> {
    return { secret: this, options: { ...options, template: text } };
  }

  /** All top-level keys of the JSON secret. */
  allKeys<O extends VariableKeyOptions | FileKeyOptions>(options: O): Keys<O> {
    return { secret: this, keys: options };
  }
}

/** A secret by its ARN. */
export function secret(arn: string): Secret {
  return new Secret(arn);
}
