import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseReference } from '../../src/core/annotations/reference.ts';
import { parseArn } from '../../src/core/names/arn.ts';
import { covers, fileNameFault, keyFileFault, mountPathProblem } from '../../src/core/names/paths.ts';
import { formatPlan } from '../../src/core/plan/plan.ts';
import { readPlan } from '../../src/core/plan/read-plan.ts';
import { cpuQuantity, memoryQuantity, parseQuantity } from '../../src/core/pod/quantity.ts';
import { quote } from '../../src/core/problems/quote.ts';
import { readDocument, readMembers } from '../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import { anyCharacter } from './any-character.ts';
import { arn, reference } from './pods.ts';

const anyText = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 100 }),
  reference,
  arn,
  fc.mixedCase(arn),
);

it('parses any text as an ARN or says why not', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseArn(text, 'x');
      if (!parsed.ok) {
        expect(parsed.problem.code).toMatch(/^ARN_/);
        return;
      }
      const { partition, region, account, name, suffix } = parsed.value;
      const tail = suffix === undefined ? '' : `-${suffix}`;
      expect(`arn:${partition}:secretsmanager:${region}:${account}:secret:${name}${tail}`).toBe(text);
    }),
  );
});

it('parses any text as a reference or says why not', () => {
  const aliases = new Map([['db', undefined]]);
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseReference(text, 'x', aliases);
      if (!parsed.ok) expect(parsed.problem?.wrong.length ?? 0).toBeLessThan(300);
    }),
  );
});

it('accepts no file name that leaves its directory', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: anyCharacter }),
        fc.constantFrom('..', '.', '../x', 'a/../..', '/x', 'a\0b', '..data'),
      ),
      (name) => {
        for (const fault of [fileNameFault(name), keyFileFault(name)]) {
          if (fault !== undefined) continue;
          expect(path.join('/view', name)).toBe(`/view/${name}`);
          expect(path.dirname(path.join('/view', name))).toBe('/view');
          expect(name.startsWith('..')).toBe(false);
        }
      },
    ),
  );
});

it('accepts no mount path that is not normal or covers the system', () => {
  const segment = fc.constantFrom('..', '.', '', 'run', 'secrets', 'aws', 'etc', 'proc', 'var', 'tmp', 'a');
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
      const text = `/${segments.join('/')}`;
      if (mountPathProblem(text, 'x') !== undefined) return;
      expect(path.normalize(text)).toBe(text);
      for (const reserved of [
        '/etc/passwd',
        '/proc/self',
        '/run/secrets/kubernetes.io/serviceaccount',
        '/tmp',
        '/usr/bin',
      ]) {
        expect(covers(text, reserved)).toBe(false);
      }
    }),
  );
});

it('reads any text as a plan or says why not, and its own plans back', () => {
  const plan = {
    version: 1 as const,
    timeoutSeconds: 60,
    secrets: [{ arn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf', stage: 'AWSPREVIOUS' }],
    views: [
      {
        volume: 'aws-secrets',
        receivers: { native: [], shell: ['app'], file: [] },
        fileMode: '0444' as const,
        format: 'shell' as const,
        env: [{ name: 'A', secret: 0, key: 'k' }],
        envFrom: [],
        files: [{ path: 'f', secret: 0 }],
        filesFrom: [],
        declared: [],
      },
    ],
  };
  const text = formatPlan(plan);
  expect(readPlan(text)).toMatchObject({ value: { plan } });
  fc.assert(
    fc.property(fc.nat(text.length), fc.string({ maxLength: 3 }), fc.nat(3), (at, insert, drop) => {
      const read = readPlan(text.slice(0, at) + insert + text.slice(at + drop));
      if (!read.ok) expect(read.problem.code).toBe('PLAN_INVALID');
      else expect(read.value.plan.views.length).toBeGreaterThan(0);
    }),
  );
  fc.assert(fc.property(fc.json(), (json) => void readPlan(json)));
});

it('keeps the digits of numbers and never repeats what it could not parse', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.nat(30), (digits, zeros) => {
      const number = `${digits}.${'0'.repeat(zeros)}1`;
      const members = readMembers(
        readDocument(new SecretValue(`{"n":${number},"o":{"m":[${number}, true]},"z":null}`)),
      );
      expect(members?.get('n')).toBe(number);
      expect(members?.get('o')).toBe(`{"m":[${number},true]}`);
      expect(members?.get('z')).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      const members = readMembers(readDocument(new SecretValue(text)));
      if (members === undefined) return;
      expect(Object.keys(JSON.parse(text) as object)).toEqual([...members.keys()]);
    }),
  );
});

it('reads quantities as Kubernetes writes them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64_000 }), (milli) => {
      const cores = parseQuantity(cpuQuantity(milli / 1000));
      expect(cores).toBeCloseTo(milli / 1000, 9);
      const bytes = parseQuantity(memoryQuantity(milli * 1000)) ?? 0;
      expect(bytes).toBeGreaterThanOrEqual(milli * 1000);
      expect(bytes - milli * 1000).toBeLessThan(1024);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void parseQuantity(text)));
});

it('shows user text on one line and at most at its limit', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 500 }), (text) => {
      const quoted = quote(text, 40);
      expect([...quoted].length).toBeLessThanOrEqual(43);
      expect(quoted).not.toMatch(/[\n\r\u2028\u2029\u202e]/);
      expect(quoted.isWellFormed()).toBe(true);
    }),
  );
});
