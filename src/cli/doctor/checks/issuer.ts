/** Whether AWS can verify the tokens of the cluster: the OIDC issuer and its keys. */
import { asArray, field, textField } from '../../../core/json.ts';
import { printable } from '../../../core/problems/quote.ts';
import { failed, ok, type Result } from '../../../core/problems/result.ts';
import { type Check, type Context, count, type Finding, finding, okay, unanswered } from '../check.ts';
import { object } from '../facts.ts';

const DISCOVERY = '/.well-known/openid-configuration';
/** The API server answers to any other type with 406. */
const KEYS = 'application/jwk-set+json';

export const issuer: Check = {
  name: 'oidc-issuer',
  about: 'The OIDC issuer, which AWS reads for IRSA: discovery, and the keys of the API server.',
  async run(context, signal) {
    const { api } = context;
    const own = await api.ask(object(DISCOVERY), signal);
    if (own.kind !== 'answer') return [unanswered(own, `get ${DISCOVERY}`)];
    const name = textField(own.json, 'issuer') ?? '';
    if (!isPublic(name))
      return [
        finding(
          'skipped',
          `the issuer ${printable(name)} is not public: IRSA and role-arn are not possible, EKS Pod Identity is`,
        ),
      ];
    const keys = await api.ask({ ...object('/openid/v1/jwks'), accept: KEYS }, signal);
    if (keys.kind !== 'answer') return [unanswered(keys, 'get /openid/v1/jwks')];
    const published = await publishedKeys(name, context, signal);
    return [published.ok ? compare(name, idsIn(keys.json), published.value) : published.problem];
  },
};

/** Whether AWS could reach it. AWS accepts only https. */
function isPublic(name: string): boolean {
  const url = URL.canParse(name) ? new URL(name) : undefined;
  if (url?.protocol !== 'https:') return false;
  return !/^(?:kubernetes\.default\b.*|localhost|[^.]+|.*\.(?:local|internal|svc))$/.test(url.hostname);
}

/** Reads the key IDs as AWS does. */
async function publishedKeys(
  name: string,
  context: Context,
  signal: AbortSignal,
): Promise<Result<ReadonlySet<string>, Finding>> {
  const discovery = await readJson(`${name.replace(/\/$/, '')}${DISCOVERY}`, context, signal);
  if (!discovery.ok) return discovery;
  if (textField(discovery.value, 'issuer') !== name)
    return failed(finding('fail', `the issuer ${printable(name)} publishes another name`, PROVIDER));
  const address = textField(discovery.value, 'jwks_uri') ?? '';
  const keys = await readJson(address, context, signal);
  return keys.ok ? ok(idsIn(keys.value)) : keys;
}

const PROVIDER = 'aws iam list-open-id-connect-providers';

async function readJson(
  address: string,
  { network, isInPod }: Context,
  signal: AbortSignal,
): Promise<Result<unknown, Finding>> {
  const shown = printable(address, 300);
  if (!isPublic(address)) return failed(finding('fail', `${shown} is not an address that AWS can reach`));
  const answer = await network.get(new URL(address), signal);
  if (!answer.ok)
    return failed(
      finding(
        'warn',
        `${shown} is not reachable from ${isInPod ? 'this pod' : 'this machine'} (${answer.code}); AWS must reach it`,
        `curl -v ${shown}`,
      ),
    );
  if (answer.status !== 200)
    return failed(finding('fail', `${shown} answers with status ${answer.status}`, `curl -v ${shown}`));
  try {
    return ok(JSON.parse(answer.body.toString()) as unknown);
  } catch {
    return failed(finding('fail', `${shown} does not answer with JSON`, `curl -v ${shown}`));
  }
}

function idsIn(keys: unknown): ReadonlySet<string> {
  return new Set((asArray(field(keys, 'keys')) ?? []).flatMap((key) => textField(key, 'kid') ?? []));
}

function compare(name: string, own: ReadonlySet<string>, published: ReadonlySet<string>): Finding {
  const missing = [...own].filter((id) => !published.has(id));
  return missing.length > 0
    ? finding(
        'fail',
        `${printable(name, 300)} does not publish ${count(missing.length, 'key')} of the API server: AWS rejects their tokens`,
        'Publish the keys of: kubectl get --raw /openid/v1/jwks',
      )
    : okay(`${printable(name, 300)} publishes all ${count(own.size, 'key')} of the API server`);
}
