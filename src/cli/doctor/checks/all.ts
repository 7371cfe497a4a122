/** All checks, in the order of the report. */
import type { Check } from '../check.ts';
import { apiServer } from './api-server.ts';
import { certificates } from './certificates.ts';
import { clock } from './clock.ts';
import { guard } from './guard.ts';
import { injection } from './injection.ts';
import { issuer } from './issuer.ts';
import { kubelets } from './kubelets.ts';
import { podIdentity } from './pod-identity.ts';
import { quotas } from './quotas.ts';
import { endpoints } from './regions.ts';
import { registration } from './registration.ts';
import { replicas } from './replicas.ts';
import { serviceAccounts } from './service-accounts.ts';

export const CHECKS: readonly Check[] = [
  apiServer,
  registration,
  replicas,
  certificates,
  guard,
  injection,
  kubelets,
  issuer,
  serviceAccounts,
  podIdentity,
  endpoints,
  clock,
  quotas,
];
