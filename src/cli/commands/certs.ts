/** The `certs` command: creates a CA and a certificate for the webhook, as files that the manifests use. */

import { serviceNames } from '../../runtime/certificate.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { DNS_NAME, integer, type Kind, PATH, SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, readSettings, setting } from '../../runtime/settings/settings.ts';
import { existingFiles, readAuthority, writeFiles } from '../certificates/folder.ts';

const DAY = 24 * 60 * 60 * 1000;
const CA_DAYS = 3650;

const DNS_NAMES: Kind<readonly string[]> = {
  placeholder: 'name',
  expects: 'a DNS name in lower case',
  parse: (text) => (DNS_NAME.parse(text) === undefined ? undefined : [text]),
  merge: (lists) => lists.flat(),
};

const CERTS_SETTINGS = {
  out: setting(PATH, 'certs', 'Directory for ca.crt, ca.key, tls.crt, tls.key and ca-bundle.yaml.'),
  service: setting(DNS_NAME, 'aws-secrets-injector', 'Name of the Service of the webhook.'),
  namespace: setting(DNS_NAME, 'aws-secrets-injector', 'Namespace of that Service.'),
  name: optional(DNS_NAMES, 'An additional DNS name for the certificate. Can be set several times.'),
  days: setting(
    integer(1, 3650, 'days'),
    365,
    'Validity of the certificate in days. A new CA is valid for ten years.',
  ),
  renew: setting(SWITCH, false, 'Create a new certificate and keep the CA in the directory.'),
  force: setting(SWITCH, false, 'Replace all files in the directory, including the CA.'),
};

export const CERTS_HELP: CommandHelp = {
  usage: 'certs [flags]',
  about: `Creates a CA and a certificate for the webhook, as files that the manifests use, or renews the
certificate. See certs/README.md.`,
  examples: ['aws-secrets-injector certs --out certs', 'aws-secrets-injector certs --out certs --renew'],
  settings: CERTS_SETTINGS,
  variables: false,
};

/** Runs the command. @returns the exit code */
export async function runCerts(argv: readonly string[]): Promise<number> {
  const settings = readSettings(CERTS_SETTINGS, argv, {});
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(CERTS_HELP));
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems, 2);
  const { out, service, namespace, name, days, renew, force } = settings.values;
  const present = existingFiles(out);
  if (present.length > 0 && !renew && !force) {
    return fail(
      [
        `${out} already contains ${present.join(', ')}; use --renew to create a new certificate, or --force to replace all files`,
      ],
      1,
    );
  }
  const { makeAuthority, makeLeaf } = await import('../../runtime/x509.ts');
  const issuedAt = Date.now();
  const authority = renew ? readAuthority(out) : await makeAuthority({ issuedAt, lifetime: CA_DAYS * DAY });
  if (typeof authority === 'string') return fail([authority], 1);
  const names = [...serviceNames(service, namespace), ...(name ?? [])];
  const leaf = await makeLeaf(authority, names, { issuedAt, lifetime: days * DAY });
  try {
    writeFiles(out, authority, leaf);
  } catch (error) {
    return fail([`cannot write to ${out} (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`], 1);
  }
  process.stdout.write(`wrote ${out}/tls.crt and tls.key for ${names.join(', ')}, valid for ${days} days
      ${out}/ca.crt and ca.key${renew ? ' (unchanged)' : ''}: do not copy ca.key to the cluster
      ${out}/ca-bundle.yaml: kustomize patch that adds the CA to the webhook configuration
next: kubectl apply --server-side -k manifests/overlays/generated-certs (see manifests/README.md)
`);
  return 0;
}

function fail(problems: readonly string[], code: number): number {
  process.stderr.write(problems.map((problem) => `certs: ${problem}\n`).join(''));
  return code;
}
