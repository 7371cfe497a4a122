/** The cluster as the OpenID Connect provider whose keys STS fetches. */
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { json } from 'node:stream/consumers';
import type { JSONWebKeySet } from 'jose';
import type { TokenIssuer } from '../../aws-fake/issuer.ts';
import type { ClusterFacts } from '../cluster.ts';

/** An issuer whose keys are read from the API server, without authentication, for each check of a token. */
export function clusterIssuer(facts: ClusterFacts): TokenIssuer {
  const ca = readFileSync(facts.caFile);
  return {
    issuer: facts.issuer,
    jwks: async () => (await get(new URL('/openid/v1/jwks', facts.apiServerUrl), ca)) as JSONWebKeySet,
  };
}

async function get(url: URL, ca: Buffer): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    https
      .get(url, { ca }, (response) => {
        if (response.statusCode === 200) json(response).then(resolve, reject);
        else reject(new Error(`${url.pathname}: ${response.statusCode}`));
      })
      .on('error', reject);
  });
}
