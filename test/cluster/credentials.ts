/** Certificates and kubeconfigs of one run. All files are in the folder of the run. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { generate } from 'selfsigned';

const CURVE = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
const PRIVATE = { mode: 0o600 };

/** The files of a key pair. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Subject {
  readonly user: string;
  /** The user's group in Kubernetes. */
  readonly group?: string;
}

export class Credentials {
  readonly caFile: string;
  readonly #directory: string;
  readonly #authority: { readonly cert: string; readonly key: string };

  private constructor(directory: string, authority: { readonly cert: string; readonly key: string }) {
    this.#directory = directory;
    this.#authority = authority;
    this.caFile = path.join(directory, 'pki/ca.crt');
  }

  /** Creates the certificate authority of the cluster. @param directory of the run */
  static async create(directory: string): Promise<Credentials> {
    const made = await generate([{ name: 'commonName', value: 'cluster under test' }], {
      ...CURVE,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    });
    const credentials = new Credentials(directory, { cert: made.cert, key: made.private });
    writeFileSync(credentials.caFile, made.cert);
    return credentials;
  }

  async server(name: string, names: readonly string[]): Promise<KeyPair> {
    const altNames = names.map((each) =>
      isIP(each) ? ({ type: 7, ip: each } as const) : ({ type: 2, value: each } as const),
    );
    return await this.#issue(name, { user: name }, [
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ]);
  }

  async client(name: string, subject: Subject): Promise<KeyPair> {
    return await this.#issue(name, subject, [{ name: 'extKeyUsage', clientAuth: true }]);
  }

  /** Writes a kubeconfig with a new client certificate. @returns its file */
  async kubeconfig(name: string, subject: Subject, apiServerUrl: string): Promise<string> {
    const { cert, key } = await this.client(name, subject);
    const file = path.join(this.#directory, 'kubeconfig', name);
    // JSON is YAML.
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: apiServerUrl, 'certificate-authority': this.caFile } }],
      users: [{ name, user: { 'client-certificate': cert, 'client-key': key } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    };
    writeFileSync(file, JSON.stringify(config), PRIVATE);
    return file;
  }

  /** Creates the keys that sign service account tokens. AWS accepts RSA keys. */
  serviceAccountKeys(): { readonly privateKey: string; readonly publicKey: string } {
    const made = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const privateKey = path.join(this.#directory, 'pki/service-account.key');
    const publicKey = path.join(this.#directory, 'pki/service-account.pub');
    writeFileSync(privateKey, made.privateKey, PRIVATE);
    writeFileSync(publicKey, made.publicKey);
    return { privateKey, publicKey };
  }

  async #issue(
    name: string,
    subject: Subject,
    extensions: NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>,
  ): Promise<KeyPair> {
    const attributes = [
      ...(subject.group === undefined ? [] : [{ name: 'organizationName', value: subject.group }]),
      { name: 'commonName', value: subject.user },
    ];
    const made = await generate(attributes, {
      ...CURVE,
      ca: this.#authority,
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        ...extensions,
      ],
    });
    const pair = {
      cert: path.join(this.#directory, 'pki', `${name}.crt`),
      key: path.join(this.#directory, 'pki', `${name}.key`),
    };
    writeFileSync(pair.cert, made.cert);
    writeFileSync(pair.key, made.private, PRIVATE);
    return pair;
  }
}
