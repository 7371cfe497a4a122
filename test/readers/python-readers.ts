/** Readers in Python: python-dotenv, PyYAML (alone and with libyaml) and the standard library's json. */
import path from 'node:path';
import { findPythonPackages, type PythonPackages } from '../setup/python-packages.ts';
import { ask, pathsOf, type Reader, type Way } from './reader.ts';

const DOTENV = '1.2.4';
const PYYAML = '6.0.4';
const PROGRAM = path.join(import.meta.dirname, 'programs/read.py');

let packages: Promise<PythonPackages | string> | undefined;
function findPackages(): Promise<PythonPackages | string> {
  packages ??= findPythonPackages(
    `readers-dotenv-${DOTENV}-pyyaml-${PYYAML}`,
    [`python-dotenv==${DOTENV}`, `pyyaml==${PYYAML}`],
    'installing python-dotenv and PyYAML for the reader tests, some seconds, once',
  );
  return packages;
}

function pythonReader(name: string, reads: Way, reader: string): Reader {
  return {
    name,
    reads,
    prepare: async () => {
      const found = await findPackages();
      return typeof found === 'string' ? found : undefined;
    },
    read: async (files) => {
      const found = await findPackages();
      if (typeof found === 'string') throw new Error(found);
      return ask(found.python, [PROGRAM, reader], pathsOf(files), { PYTHONPATH: found.folder });
    },
  };
}

export const PYTHON_READERS: readonly Reader[] = [
  pythonReader(`python-dotenv ${DOTENV}`, 'dotenv', 'dotenv'),
  pythonReader('Python json', 'json', 'json'),
  pythonReader(`PyYAML ${PYYAML}`, 'yaml', 'yaml'),
  pythonReader(`PyYAML ${PYYAML} with libyaml`, 'yaml', 'libyaml'),
];
