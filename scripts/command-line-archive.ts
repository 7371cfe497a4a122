/** Archives with the command line for one platform: an executable with its own Node.js, manual pages and completion. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMPLETE, SCRIPTS } from '../src/cli/completion/scripts.ts';
import { EXECUTABLE } from './shipped.ts';

export interface CommandLine {
  /** For the platform of the archive. */
  readonly executable: Buffer;
  /** A folder with manual pages. */
  readonly man: string;
  /** Texts of licenses, by the name of their file. */
  readonly licenses: Readonly<Record<string, Buffer>>;
  /** Of every file in the archive, in seconds since 1970. */
  readonly time: number;
}

/** kubectl runs it to complete \`kubectl aws-secrets\`. */
const COMPLETER = `#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/${EXECUTABLE}" ${COMPLETE} "$@"
`;

const COMPLETIONS = {
  'share/bash-completion/completions/aws-secrets-injector': SCRIPTS.bash,
  'share/zsh/site-functions/_aws-secrets-injector': SCRIPTS.zsh,
  'share/fish/vendor_completions.d/aws-secrets-injector.fish': SCRIPTS.fish,
};

/**
 * Writes an archive. The same content makes the same bytes.
 * @param file a path that ends in `.tar.gz`
 * @param folder the name of the folder in the archive
 */
export function packCommandLine(file: string, folder: string, content: CommandLine): void {
  const work = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-archive-'));
  const add = (name: string, data: string | Buffer, mode: number): void => {
    const target = path.join(work, folder, name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, data, { mode });
  };
  try {
    add(`bin/${EXECUTABLE}`, content.executable, 0o755);
    add('bin/kubectl_complete-aws_secrets', COMPLETER, 0o755);
    symlinkSync(EXECUTABLE, path.join(work, folder, 'bin/kubectl-aws_secrets'));
    for (const [name, text] of Object.entries(COMPLETIONS)) add(name, text, 0o644);
    for (const [name, text] of Object.entries(content.licenses)) add(`licenses/${name}`, text, 0o644);
    cpSync(content.man, path.join(work, folder, 'share/man/man1'), { recursive: true });
    const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
    const order = ['--sort=name', `--mtime=@${content.time}`, '--format=gnu'];
    const tar = execFileSync('tar', ['--create', ...order, ...owner, '--directory', work, folder], {
      maxBuffer: 1 << 29,
    });
    writeFileSync(file, execFileSync('gzip', ['--no-name'], { input: tar, maxBuffer: 1 << 29 }));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
