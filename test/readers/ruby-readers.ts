/** Readers in Ruby, as Debian packages them: dotenv, Psych (YAML) and json. */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { installDebianPackage } from '../setup/debian-package.ts';
import { ask, pathsOf, type Reader, type Way } from './reader.ts';

const PROGRAM = path.join(import.meta.dirname, 'programs/read.rb');

let prepared: Promise<string | undefined> | undefined;
function prepareRuby(): Promise<string | undefined> {
  const has = () => spawnSync('ruby', ['-e', 'require "dotenv"']).status === 0;
  prepared ??= (async () =>
    has() || ((await installDebianPackage('ruby-dotenv')) && has())
      ? undefined
      : 'Ruby with dotenv is not installed, and could not be')();
  return prepared;
}

function rubyReader(name: string, reads: Way, reader: string): Reader {
  const read: Reader['read'] = async (files) => ask('ruby', [PROGRAM, reader], pathsOf(files));
  return { name, reads, prepare: prepareRuby, read };
}

export const RUBY_READERS: readonly Reader[] = [
  rubyReader('Ruby dotenv', 'dotenv-ruby', 'dotenv'),
  rubyReader('Ruby json', 'json', 'json'),
  rubyReader('Ruby Psych', 'yaml', 'yaml'),
];
