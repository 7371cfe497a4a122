/** The chart contains the policies of the kustomize base; UPDATE_MANIFESTS=1 writes them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { MANIFESTS } from '../manifest-files.ts';
import { guardTemplate, SOURCES } from './guard-templates.ts';

const FOLDER = path.join(MANIFESTS, 'chart/templates/guard');

it.each(Object.entries(SOURCES))('templates/guard/%s.yaml is current', (name, source) => {
  const file = path.join(FOLDER, `${name}.yaml`);
  const current = guardTemplate(source);
  if (process.env['UPDATE_MANIFESTS'] === '1') {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, current);
  }
  expect(existsSync(file) && readFileSync(file, 'utf8')).toBe(current);
});

it('no template and no policy is missing', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(
    Object.keys(SOURCES)
      .map((name) => `${name}.yaml`)
      .sort(),
  );
  const { resources } = parse(readFileSync(path.join(MANIFESTS, 'base/guard/kustomization.yaml'), 'utf8'));
  const files = Object.values(SOURCES).map(({ file }) => file);
  expect(files.filter((file) => file.startsWith('base/guard/'))).toEqual(
    resources.map((file: string) => `base/guard/${file}`),
  );
});
