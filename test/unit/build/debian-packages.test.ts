/** The Debian packages of a base image. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { debianPackages } from '../../../scripts/debian-packages.ts';

const LIBC =
  'Package: libc6\nArchitecture: arm64\nVersion: 2.36-9+deb12u14\nDescription: GNU C Library\n Version: not this\n';
const BASE_FILES = 'Package: base-files\nVersion: 12.4\nArchitecture: all\n';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-dpkg-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const EXPECTED = [
  { name: 'base-files', version: '12.4', architecture: 'all' },
  { name: 'libc6', version: '2.36-9+deb12u14', architecture: 'arm64' },
];

it('are read from the list of an image with a package manager', () => {
  writeFileSync(path.join(folder, 'status'), `${LIBC}\n${BASE_FILES}\n`);
  expect(debianPackages(folder)).toEqual(EXPECTED);
});

it('are read from the files of an image without one, whose checksums are no packages', () => {
  mkdirSync(path.join(folder, 'status.d'));
  writeFileSync(path.join(folder, 'status.d/libc6'), LIBC);
  writeFileSync(path.join(folder, 'status.d/base'), BASE_FILES);
  writeFileSync(path.join(folder, 'status.d/libc6.md5sums'), `00  usr/lib/x\n\n${LIBC}`);
  expect(debianPackages(folder)).toEqual(EXPECTED);
});

it('must be there', () => {
  expect(() => debianPackages(folder)).toThrow('lists no Debian package');
});
