/** The executable's Node.js without symbols is the same program. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stripSymbols } from '../../../scripts/strip-symbols.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-strip-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Segment {
  readonly type: number;
  readonly header: string;
  readonly bytes: Buffer;
}

/** The parts that the kernel and the dynamic linker read. */
function segments(file: Buffer): readonly Segment[] {
  const start = Number(file.readBigUInt64LE(0x20));
  return Array.from({ length: file.readUInt16LE(0x38) }, (_, index) => {
    const header = file.subarray(start + index * 56, start + (index + 1) * 56);
    const offset = Number(header.readBigUInt64LE(8));
    return {
      type: header.readUInt32LE(0),
      header: header.toString('hex'),
      bytes: file.subarray(offset, offset + Number(header.readBigUInt64LE(32))),
    };
  });
}

describe('a program without symbols', () => {
  const original = readFileSync(process.execPath);
  const stripped = stripSymbols(original);
  const file = path.join(folder, 'node');
  writeFileSync(file, stripped, { mode: 0o755 });

  it('is at least a tenth smaller', () => {
    expect(stripped.length).toBeLessThan(0.9 * original.length);
  });

  it('has the same memory image', () => {
    const [before, after] = [segments(original), segments(stripped)];
    expect(after.length).toBe(before.length);
    for (const [index, segment] of before.entries()) {
      const other = after[index];
      expect(other?.header).toBe(segment.header);
      // The first segment contains the header of the file, which refers to the sections.
      const from = segment.bytes.subarray(0, 4).toString('latin1') === '\x7fELF' ? 0x40 : 0;
      expect(other?.bytes.subarray(from).equals(segment.bytes.subarray(from)), `segment ${index}`).toBe(true);
    }
  });

  it('runs', () => {
    expect(execFileSync(file, ['-p', 'process.version'], { encoding: 'utf8' }).trim()).toBe(process.version);
  });

  it('has no symbol table, and sections that readelf understands', (context) => {
    const { status, stdout, stderr, error } = spawnSync('readelf', ['--wide', '--sections', file], {
      encoding: 'utf8',
    });
    if (error !== undefined) context.skip('readelf is not installed');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/ \.text /);
    expect(stdout).toMatch(/ \.dynsym /);
    expect(stdout).not.toMatch(/ \.(?:symtab|strtab|comment) /);
  });

  it('stays the same when it is stripped again', () => {
    expect(stripSymbols(stripped).equals(stripped)).toBe(true);
  });
});

it.each([
  ['a script', Buffer.from('#!/bin/sh\n')],
  ['a 32-bit program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1])],
  ['an empty file', Buffer.alloc(0)],
])('%s is refused', (_, file) => {
  expect(() => stripSymbols(file)).toThrow('not a 64-bit little-endian ELF file');
});
