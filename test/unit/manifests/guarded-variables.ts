/** The variables that the guard rejects in an injected container, unless they are the operator's. */

import {
  ASSUME_ROLE_VARIABLE,
  EXTERNAL_ID_VARIABLE,
  POD_NAME_VARIABLE,
  SERVICE_ACCOUNT_VARIABLE,
} from '../../../src/core/names/identity-variables.ts';
import {
  CA_BUNDLE_VARIABLE,
  HTTPS_PROXY_VARIABLE,
  NO_PROXY_VARIABLE,
} from '../../../src/core/names/network-variables.ts';
import { REFUSED } from '../../../src/core/names/steering-variables.ts';

/** The policy identity.yaml compares these with the annotations. */
export const IDENTITY_OPTIONS: readonly string[] = [
  SERVICE_ACCOUNT_VARIABLE,
  POD_NAME_VARIABLE,
  ASSUME_ROLE_VARIABLE,
  EXTERNAL_ID_VARIABLE,
];

/**
 * The operator sets a proxy and certificate authorities for the webhook alone, and certificates change while it runs: the
 * guard does not know them. The webhook checks them.
 */
const KNOWN_TO_THE_WEBHOOK: readonly string[] = [CA_BUNDLE_VARIABLE, HTTPS_PROXY_VARIABLE, NO_PROXY_VARIABLE];

/** Patterns as in `REFUSED`. */
export const GUARDED_VARIABLES: readonly string[] = REFUSED.filter(
  (name) => !KNOWN_TO_THE_WEBHOOK.includes(name) && !IDENTITY_OPTIONS.includes(name),
);
