import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BufferedOutput } from '../../../../src/runtime/log/buffered-output.ts';
import { errorFields, makeLogger } from '../../../../src/runtime/log/logger.ts';

function temporaryFile(): { readonly file: string; readonly descriptor: number } {
  const file = path.join(tmpdir(), `logger-${crypto.randomUUID()}`);
  const descriptor = openSync(file, 'w');
  onTestFinished(() => {
    closeSync(descriptor);
    rmSync(file);
  });
  return { file, descriptor };
}

test('a flush writes everything, once and in order', async () => {
  const { file, descriptor } = temporaryFile();
  const output = new BufferedOutput(descriptor);
  const lines = Array.from({ length: 10_000 }, (_, index) => `${index} ${'x'.repeat(index % 50)}\n`);
  for (const [index, line] of lines.entries()) {
    output.write(line);
    // Lets writes under way finish now and then.
    if (index % 3000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  output.write('last\n');
  output.flush();
  output.flush();
  expect(readFileSync(file, 'utf8')).toBe(`${lines.join('')}last\n`);
});

test('a line is written soon after, without a flush', async () => {
  const { file, descriptor } = temporaryFile();
  new BufferedOutput(descriptor).write('one\n');
  expect(readFileSync(file, 'utf8')).toBe('');
  await expect.poll(() => readFileSync(file, 'utf8')).toBe('one\n');
});

test('a flush returns if the reader is closed', async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'flush-child.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdout.destroy();
  child.stdin.write('flush\n');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a descriptor that cannot be written to causes no error', async () => {
  const output = new BufferedOutput(9999);
  output.write('one\n');
  await new Promise((resolve) => setTimeout(resolve, 250));
  output.write('two\n');
  expect(() => output.flush()).not.toThrow();
});

test('a line has its level, the time, the message and the fields', () => {
  const { file, descriptor } = temporaryFile();
  const log = makeLogger('info', descriptor);
  log.debug('below the level');
  log.warn('shown', { uid: 'a"b\n', references: 2 });
  log.flush();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    msg: 'shown',
    uid: 'a"b\n',
    references: 2,
  });
});

test('of an error, only its class and its stack frames are logged', () => {
  const fields = errorFields(new RangeError('canary\n    at canary'));
  expect(fields.error).toBe('RangeError');
  expect(fields.at).toMatch(/logger\.test\.ts/);
  expect(errorFields('canary')).toEqual({ error: 'string' });
  // A message may look like a place of the stack.
  expect(JSON.stringify(fields)).not.toContain('canary');
});
