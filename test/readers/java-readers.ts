/** java.util.Properties, by both of its ways to load. */
import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { pathsOf, type Reader } from './reader.ts';

const PROGRAM = path.join(import.meta.dirname, 'programs/ReadProperties.java');

function javaReader(name: string, how: string): Reader {
  return {
    name,
    reads: 'properties',
    prepare: async () =>
      spawnSync('java', ['--list-modules'], { encoding: 'utf8' }).stdout?.includes('jdk.compiler')
        ? undefined
        : 'a JDK (11 or newer) is not installed',
    read: async (files) => {
      const args = ['-XX:TieredStopAtLevel=1', PROGRAM, how, ...pathsOf(files)];
      const { stdout } = await promisify(execFile)('java', args, { maxBuffer: 1 << 28 });
      const lines = stdout.split('\n').values();
      return files.map(() => propertiesOf(lines));
    },
  };
}

function propertiesOf(lines: Iterator<string>): unknown {
  const count = Number(lines.next().value);
  if (count < 0) return null;
  const entries = Array.from({ length: count }, () => {
    const [name = '', value = ''] = String(lines.next().value).split(' ');
    return [Buffer.from(name, 'base64').toString(), Buffer.from(value, 'base64').toString()] as const;
  });
  return Object.fromEntries(entries);
}

export const JAVA_READERS: readonly Reader[] = [
  javaReader('java.util.Properties, load(InputStream)', 'bytes'),
  javaReader('java.util.Properties, load(Reader)', 'text'),
];
