/** Reads the manifests: files, documents, and values at a path. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

export const MANIFESTS = path.resolve(import.meta.dirname, '../../../manifests');

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Names of the YAML files in a folder, relative to manifests/. */
export function yamlFiles(folder = ''): readonly string[] {
  return (
    readdirSync(path.join(MANIFESTS, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.ya?ml$/.test(name))
      // Certificates that a user generated, and templates of the chart.
      .filter((name) => !name.split(path.sep).includes('certs') && !name.startsWith('chart'))
      .map((name) => path.join(folder, name))
      .sort()
  );
}

/** Folders that kustomize builds, relative to manifests/. */
export function kustomizations(): readonly string[] {
  return yamlFiles()
    .filter((file) => path.basename(file) === 'kustomization.yaml')
    .map((file) => path.dirname(file));
}

/** Every document of a file. @throws Error for any error or warning of YAML, such as a duplicate key */
export function documents(file: string): readonly JsonObject[] {
  const text = readFileSync(path.join(MANIFESTS, file), 'utf8');
  return parseAllDocuments(text, { strict: true, uniqueKeys: true, logLevel: 'error' }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new Error(`${file}: ${problem.message}`);
    return document.toJS() as JsonObject;
  });
}

/** The only document of a file. @throws Error for any other number */
export function only(file: string): JsonObject {
  const [first, ...rest] = documents(file);
  if (first === undefined || rest.length > 0) throw new Error(`${file} should contain one document`);
  return first;
}

/** The value at a path such as `spec.template.spec.containers.0.image`. */
export function at(json: Json | undefined, where: string): Json | undefined {
  let value = json;
  for (const step of where.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as JsonObject)[step];
  }
  return value;
}

/** The list at a path; empty if there is none. */
export function listAt(json: Json | undefined, where: string): readonly JsonObject[] {
  const value = at(json, where);
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
