/** Diagnoses as branches of a tree. */
import type { Diagnosis } from './diagnose/diagnosis.ts';
import type { Branch } from './tree.ts';

/** One branch with all diagnoses, or none. */
export function diagnosesBranches(diagnoses: readonly Diagnosis[]): readonly Branch[] {
  if (diagnoses.length === 0) return [];
  return [
    {
      text: 'what happened',
      branches: diagnoses.map(({ subject, what, messages, next }) => ({
        text: `${subject}: ${what}`,
        branches: [
          ...messages.map((text) => ({ text: `message: ${text}` })),
          ...next.map((text) => ({ text: `next: ${text}` })),
        ],
      })),
    },
  ];
}
