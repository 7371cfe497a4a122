/** What the guard searches for in the text of a plan: CEL cannot parse JSON. */
import { type Plan, referencesOf } from '../../../src/core/plan/plan.ts';

const countViews = ({ views }: Plan): number => views.length;

/** Each text with the number of times that a plan contains it. User text cannot, because JSON escapes its quotes. */
export const PLAN_TEXTS: Readonly<Record<string, (plan: Plan) => number>> = {
  '"volume":"': countViews,
  '","receivers":{"native":[': countViews,
  '"native":[': countViews,
  '"shell":[': countViews,
  '"file":[': countViews,
  '{"name":"': ({ views }) => views.flatMap(({ env }) => env).length,
  '{"id":"': ({ views }) =>
    views.flatMap(({ envFrom }) => envFrom).filter(({ id }) => id !== undefined).length,
  '{"path":"': ({ views }) => views.flatMap(({ files }) => files).length,
  '{"directory":"': ({ views }) => views.flatMap(({ filesFrom }) => filesFrom).length,
  '"entry":': ({ views }) => views.flatMap(referencesOf).filter(({ entry }) => entry !== undefined).length,
  '"probe":true': ({ views }) => views.filter(({ probe }) => probe === true).length,
};
