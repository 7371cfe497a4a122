/** The objects of the API server that the self-managed certificates need: one Secret, and the registrations by name. */
import { asArray, asObject, field, textField } from '../../../core/json.ts';
import type { ApiAnswer, ApiQuestion, ClusterApi } from '../../../kubernetes/api-client.ts';
import { CA_CERT, CA_KEY, encode } from './authority.ts';

export interface ObjectNames {
  readonly namespace: string;
  /** The Secret with the CA. */
  readonly secret: string;
  /** MutatingWebhookConfigurations, not all of which have to exist. */
  readonly registrations: readonly string[];
}

export interface CaSecret {
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Registration {
  readonly name: string;
  readonly resourceVersion: string;
  /** `caBundle` in PEM; empty if there is none. */
  readonly webhooks: readonly { readonly name: string; readonly caBundle: string }[];
}

/** A request that failed. The message contains nothing of an answer. */
export class ApiTrouble extends Error {
  /** Another replica changed the object first. */
  readonly isConflict: boolean;

  constructor(message: string, isConflict = false) {
    super(message);
    this.isConflict = isConflict;
  }
}

const JSON_TYPE = 'application/json';
const OPAQUE = 'Opaque';
/** Longer ones are shortened in messages. */
const MOST_TYPE = 80;
/** More than an object in etcd can have. */
const MOST_BYTES = 4 * 1024 * 1024;
const CONFLICT = 409;

export class ClusterObjects {
  readonly #api: ClusterApi;
  readonly #names: ObjectNames;
  readonly #tick: (at: number) => void;

  /** @param tick receives the clock of the API server with each answer, in milliseconds */
  constructor(api: ClusterApi, names: ObjectNames, tick: (at: number) => void) {
    this.#api = api;
    this.#names = names;
    this.#tick = tick;
  }

  /** The lists that contain the objects, for watches. */
  get places(): readonly { readonly list: string; readonly name: string }[] {
    const { secret, registrations } = this.#names;
    return [
      { list: this.#secrets, name: secret },
      ...registrations.map((name) => ({ list: REGISTRATIONS, name })),
    ];
  }

  /** Reads the Secret, and creates it empty if it does not exist. @throws ApiTrouble */
  async readSecret(signal: AbortSignal): Promise<CaSecret> {
    const what = `Secret ${this.#names.namespace}/${this.#names.secret}`;
    const path = `${this.#secrets}/${this.#names.secret}`;
    const json =
      (await this.#ask({ path }, `get ${what}`, signal)) ?? (await this.#create(path, what, signal));
    const foreign = foreignPart(json);
    if (foreign !== undefined)
      throw new ApiTrouble(
        `${what} belongs to another program: it has ${foreign}; delete it, or select another name with the setting ca-secret`,
      );
    return { resourceVersion: versionOf(json, what), data: asObject(field(json, 'data')) ?? {} };
  }

  /** Writes the data, unless the Secret has changed. @throws ApiTrouble */
  async writeSecret(
    { resourceVersion }: CaSecret,
    data: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<CaSecret> {
    const what = `Secret ${this.#names.namespace}/${this.#names.secret}`;
    const body = { metadata: { resourceVersion }, data };
    const patch = { contentType: 'application/merge-patch+json', body: JSON.stringify(body) };
    const path = `${this.#secrets}/${this.#names.secret}${MANAGER}`;
    const json = await this.#ask({ path, patch }, `patch ${what}`, signal);
    return { resourceVersion: versionOf(json, what), data: asObject(field(json, 'data')) ?? {} };
  }

  /** Reads the registrations that exist. @throws ApiTrouble */
  async readRegistrations(signal: AbortSignal): Promise<readonly Registration[]> {
    const found: Registration[] = [];
    for (const name of this.#names.registrations) {
      const json = await this.#ask({ path: `${REGISTRATIONS}/${name}` }, `get ${kindAnd(name)}`, signal);
      if (json !== undefined) found.push(readRegistration(name, json));
    }
    return found;
  }

  /** Sets `caBundle` of every webhook, unless the registration has changed. @throws ApiTrouble */
  async writeBundle(
    { name, resourceVersion, webhooks }: Registration,
    caBundle: string,
    signal: AbortSignal,
  ): Promise<Registration> {
    const body = {
      metadata: { resourceVersion },
      webhooks: webhooks.map((one) => ({ name: one.name, clientConfig: { caBundle: encode(caBundle) } })),
    };
    // Webhooks are merged by name, and all other fields stay.
    const contentType = 'application/strategic-merge-patch+json';
    const patch = { contentType, body: JSON.stringify(body) };
    const path = `${REGISTRATIONS}/${name}${MANAGER}`;
    return readRegistration(name, await this.#ask({ path, patch }, `patch ${kindAnd(name)}`, signal));
  }

  get #secrets(): string {
    return `/api/v1/namespaces/${this.#names.namespace}/secrets`;
  }

  /**
   * Creates the Secret without data. An apply request, unlike POST, names the object that it creates, so that the permission can be limited
   * to it, and changes nothing if another replica was first.
   */
  async #create(path: string, what: string, signal: AbortSignal): Promise<unknown> {
    const metadata = { name: this.#names.secret, namespace: this.#names.namespace };
    const body = { apiVersion: 'v1', kind: 'Secret', metadata, type: OPAQUE };
    const patch = { contentType: 'application/apply-patch+yaml', body: JSON.stringify(body) };
    return this.#ask({ path: `${path}${MANAGER}`, patch }, `create ${what}`, signal);
  }

  /** @returns the object; undefined if a GET finds none @throws ApiTrouble */
  async #ask(
    { path, patch }: Pick<ApiQuestion, 'path' | 'patch'>,
    what: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const question = { path, accept: JSON_TYPE, mostBytes: MOST_BYTES };
    const answer = await this.#api.ask(patch === undefined ? question : { ...question, patch }, signal);
    if (answer.kind === 'answer') {
      if (answer.at !== undefined) this.#tick(answer.at);
      return answer.json;
    }
    if (answer.kind === 'refused' && answer.status === 404 && patch === undefined) return undefined;
    throw troubleOf(answer, what);
  }
}

const REGISTRATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const MANAGER = '?fieldManager=aws-secrets-injector';

function kindAnd(name: string): string {
  return `MutatingWebhookConfiguration ${name}`;
}

/** A part of a Secret that the webhook never writes. Another program would lose it, or would change the CA. */
function foreignPart(json: unknown): string | undefined {
  const type = textField(json, 'type') ?? OPAQUE;
  if (type !== OPAQUE) return `the type ${type.slice(0, MOST_TYPE)}`;
  if ((asArray(field(field(json, 'metadata'), 'ownerReferences')) ?? []).length > 0) return 'an owner';
  const keys = Object.keys(asObject(field(json, 'data')) ?? {});
  return keys.every((key) => key === CA_CERT || key === CA_KEY)
    ? undefined
    : `keys other than ${CA_CERT} and ${CA_KEY}`;
}

function troubleOf(answer: Exclude<ApiAnswer, { readonly kind: 'answer' }>, what: string): ApiTrouble {
  if (answer.kind === 'failed')
    return new ApiTrouble(`cannot ${what}: the API server did not answer (${answer.what})`);
  if (answer.status === CONFLICT) return new ApiTrouble(`cannot ${what}: it has changed`, true);
  if (answer.status === 403)
    return new ApiTrouble(
      `cannot ${what}: the service account of the webhook is not allowed to (see manifests/base/certificate-access.yaml)`,
    );
  return new ApiTrouble(`cannot ${what}: the API server answered with HTTP status ${answer.status}`);
}

function versionOf(json: unknown, what: string): string {
  const version = textField(field(json, 'metadata'), 'resourceVersion');
  if (version === undefined) throw new ApiTrouble(`${what} has an unexpected form`);
  return version;
}

function readRegistration(name: string, json: unknown): Registration {
  const webhooks = (asArray(field(json, 'webhooks')) ?? []).map((one) => {
    const bundle = textField(field(one, 'clientConfig'), 'caBundle') ?? '';
    return { name: textField(one, 'name') ?? '', caBundle: Buffer.from(bundle, 'base64').toString() };
  });
  return { name, resourceVersion: versionOf(json, kindAnd(name)), webhooks };
}
