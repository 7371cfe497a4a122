/** What a span contains of a review: names, codes and counts, as in the log. Never the text of an annotation. */
import type { Attributes } from '@opentelemetry/api';
import type { ReviewFacts } from '../../core/admission.ts';
import { type Outcome, reasonOf } from '../../core/decide/outcome.ts';

/** The attributes of the span of a review. */
export function attributesOf(facts: ReviewFacts, outcome: Outcome): Attributes {
  return {
    'k8s.namespace.name': facts.namespace,
    'k8s.pod.name': facts.name,
    'secrets_injector.review.uid': facts.uid,
    'secrets_injector.dry_run': facts.dryRun,
    'secrets_injector.outcome': outcome.kind,
    'secrets_injector.reason': reasonOf(outcome),
    ...countsOf(outcome),
  };
}

function countsOf(outcome: Outcome): Attributes {
  switch (outcome.kind) {
    case 'injected':
      return {
        'secrets_injector.references': outcome.references,
        'secrets_injector.secrets': outcome.secrets,
        'secrets_injector.containers': outcome.containers,
        'secrets_injector.warnings': outcome.warnings.length,
      };
    case 'unchanged':
      return { 'secrets_injector.warnings': outcome.warnings.length };
    case 'denied':
      return { 'secrets_injector.problems': outcome.problems.length + outcome.more };
    case 'failed':
      return {};
  }
}
