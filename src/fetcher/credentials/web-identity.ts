/** The pod's AWS identity: the web identity token file, named explicitly, and nothing else. */
import { readFileSync } from 'node:fs';
import type { FetchProblem } from '../../core/problems/problems.ts';
import type { Environment } from '../process/environment.ts';

export interface WebIdentity {
  readonly roleArn: string;
  readonly token: string;
}

const MOST_TOKEN_BYTES = 20_000;

/** Reads who the pod is. @returns the identity or the problem that there is none */
export function readWebIdentity(environment: Environment): WebIdentity | FetchProblem {
  const { roleArn, tokenFile } = environment;
  if (roleArn === undefined || tokenFile === undefined) return identityMissing(environment.hasPodIdentity);
  let token: string;
  try {
    token = readFileSync(tokenFile, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return unreadable(`the token file cannot be read (${code ?? 'unknown'})`);
  }
  if (token === '') return unreadable('the token file is empty');
  // A token is three base64url parts: anything else would be sent to STS as garbage.
  if (token.length > MOST_TOKEN_BYTES || !/^[\w-]+(\.[\w-]+)*$/.test(token))
    return unreadable('the token file holds no token');
  return { roleArn, token };
}

function identityMissing(hasPodIdentity: boolean): FetchProblem {
  return {
    code: 'IDENTITY_MISSING',
    subject: 'AWS_WEB_IDENTITY_TOKEN_FILE',
    wrong: hasPodIdentity
      ? 'the pod has an EKS Pod Identity association, which this version cannot sign in with yet'
      : 'the pod has no AWS identity',
    expected:
      'annotate its service account with eks.amazonaws.com/role-arn (IRSA) and create the pod again' +
      (hasPodIdentity
        ? ''
        : '; an EKS Pod Identity association is the other way, which this version cannot use yet'),
  };
}

function unreadable(wrong: string): FetchProblem {
  return {
    code: 'IDENTITY_TOKEN_UNREADABLE',
    subject: 'AWS_WEB_IDENTITY_TOKEN_FILE',
    wrong,
    expected: 'the kubelet writes it: check the projected volume of the pod and its mount in this container',
  };
}
