/** What must not stand in any committed file: private keys, and names that only mean something on one machine. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s*\n[A-Za-z0-9+/=]{20}/;
const AWS_KEY = /\bAKIA[0-9A-Z]{16}\b/;
const LARGEST = 300_000;

/** @returns one line for each file that must not be committed as it is */
export function checkText(root: string): readonly string[] {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter(Boolean);
  const wrong: string[] = [];
  for (const file of files) {
    const absolute = path.join(root, file);
    const size = statSync(absolute, { throwIfNoEntry: false })?.size;
    if (size === undefined) continue;
    if (size > LARGEST && !file.endsWith('go.sum') && file !== 'package-lock.json')
      wrong.push(`${file} is larger than ${LARGEST} bytes`);
    const text = readFileSync(absolute, 'utf8');
    if (PRIVATE_KEY.test(text)) wrong.push(`${file} contains a private key`);
    if (AWS_KEY.test(text)) wrong.push(`${file} contains text that looks like an AWS access key`);
    if (text.includes(`${root}/`)) wrong.push(`${file} contains the path of this checkout`);
  }
  return wrong;
}
