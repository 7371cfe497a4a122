/** The file with the operator's policy, which the webhook and `render` read alike. */
import type { Policy } from '../../core/policy/policy.ts';
import { MAX_POLICY_BYTES, readPolicy } from '../../core/policy/read.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { readBounded } from './bounded-file.ts';

/** Reads a policy file. @returns the policy, or what is wrong, to follow the name of the file */
export function readPolicyFile(file: string): Result<Policy, string> {
  return policyReader(file)();
}

/** The same for repeated reading: while the text does not change, the same policy is returned. */
export function policyReader(file: string): () => Result<Policy, string> {
  let last: { readonly text: string; readonly result: Result<Policy, string> } | undefined;
  return () => {
    const text = readBounded(file, MAX_POLICY_BYTES);
    if (!text.ok) return text;
    if (text.value !== last?.text) last = { text: text.value, result: parse(text.value) };
    return last.result;
  };
}

function parse(text: string): Result<Policy, string> {
  const policy = readPolicy(text);
  return policy.ok ? ok(policy.value) : failed(`is not a valid policy: ${policy.problem.join(' | ')}`);
}
