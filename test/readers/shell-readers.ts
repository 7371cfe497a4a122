/** Shells that source the file as the product has them do it. */
import { findShell, SHELLS, startBehind } from '../property/shells.ts';
import { fromFile, type Reader } from './reader.ts';

export const SHELL_READERS: readonly Reader[] = SHELLS.map((shell) => ({
  name: shell.name,
  reads: 'shell',
  prepare: async () => ((await findShell(shell)) ? undefined : 'it is not installed, and could not be'),
  read: async (files) =>
    files.map((file) => {
      const { status, variables } = startBehind(shell, file.path, { PATH: process.env['PATH'] });
      if (status !== 0) return null;
      return fromFile([...variables].map(([name, value]) => [name, Buffer.from(value, 'latin1').toString()]));
    }),
}));
