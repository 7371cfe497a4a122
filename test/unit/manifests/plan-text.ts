/** What the guard searches for in the text of a plan: CEL cannot parse JSON. */
import { type Plan, referencesOf } from '../../../src/core/plan/plan.ts';

const countViews = ({ views }: Plan): number => views.length;

const once = (): number => 1;
const countReplicated = ({ secrets }: Plan): number =>
  secrets.filter(({ failover }) => failover !== undefined).length;
const countPinned = ({ secrets }: Plan): number =>
  secrets.filter(({ pinned }) => pinned !== undefined).length;
const countEntries = ({ views }: Plan): number =>
  views.flatMap(referencesOf).filter(({ entry }) => entry !== undefined).length;
/** References to all keys of a secret that an entry of the YAML form makes: these have no name. */
const countUnnamed = ({ views }: Plan): number =>
  views.flatMap(({ envFrom }) => envFrom).filter(({ entry }) => entry !== undefined).length;

/** The start of each named reference. */
const NAMED: Readonly<Record<string, (plan: Plan) => number>> = {
  '{"name":"': ({ views }) => views.flatMap(({ env }) => env).length,
  '{"path":"': ({ views }) => views.flatMap(({ files }) => files).length,
  '{"directory":"': ({ views }) => views.flatMap(({ filesFrom }) => filesFrom).length,
};

/** The refresh, and what depends on it. */
const REFRESHED: Readonly<Record<string, (plan: Plan) => number>> = {
  ',"refresh":{"seconds":': ({ refresh }) => (refresh === undefined ? 0 : 1),
  ',"required":true': ({ refresh }) => (refresh?.required === true ? 1 : 0),
};
const countActions =
  (member: string) =>
  ({ refresh }: Plan): number =>
    (refresh?.onChange ?? []).filter((action) => member in action).length;

/**
 * The texts that injected.yaml searches for, each with the number of times that a plan contains it. User text cannot
 * contain one, because JSON escapes its quotes.
 */
export const PLAN_TEXTS: Readonly<Record<string, (plan: Plan) => number>> = {
  ...NAMED,
  '"volume":"': countViews,
  '","receivers":{"native":[': countViews,
  '"native":[': countViews,
  '"shell":[': countViews,
  '"file":[': countViews,
  '"probe":true': ({ views }) => views.filter(({ probe }) => probe === true).length,
  ...REFRESHED,
};

/** The same for plan.yaml, which rejects a plan with any other number. */
export const COUNTED_TEXTS: Readonly<Record<string, (plan: Plan) => number>> = {
  ...NAMED,
  '{"id":"': ({ views }) =>
    views.flatMap(({ envFrom }) => envFrom).filter(({ id }) => id !== undefined).length,
  '{"entry":': countUnnamed,
  '","entry":': (plan) => countEntries(plan) - countUnnamed(plan),
  '"entry":': countEntries,
  '"secret":': ({ views }) => views.flatMap(referencesOf).length,
  '{"arn":"': ({ secrets }) => secrets.length,
  '"arn":': ({ secrets }) => secrets.length,
  '"pinned":': countPinned,
  '","pinned":"': countPinned,
  '"failover":': countReplicated,
  '","failover":["': countReplicated,
  '"secrets":': once,
  '"views":': once,
  '],"views":[{"volume":"': once,
  '"volume":"': countViews,
  '"native":[': countViews,
  '"shell":[': countViews,
  '"file":[': countViews,
  '],"envFrom":[': countViews,
  '],"files":[': countViews,
  '],"filesFrom":[': countViews,
  '],"declared":[': countViews,
  ...REFRESHED,
  '"onChange":': ({ refresh }) => (refresh?.onChange === undefined ? 0 : 1),
  ',"onChange":[': ({ refresh }) => (refresh?.onChange === undefined ? 0 : 1),
  ',"onChange":[{': ({ refresh }) => (refresh?.onChange === undefined ? 0 : 1),
  ',"check":"': ({ refresh }) => (refresh === undefined ? 0 : 1),
  '"signal":"': countActions('signal'),
  ',"container":"': countActions('signal'),
  ',"container":': countActions('signal'),
  '"url":"': countActions('url'),
  '"touch":"': countActions('touch'),
  ',"view":': countActions('touch'),
  ',"manifest":true}': ({ views }) => views.filter(({ manifest }) => manifest === true).length,
};

/** Members that plan.yaml counts as well: an object may contain each of them only once. */
export const COUNTED_MEMBERS = [
  'volume',
  'receivers',
  'native',
  'shell',
  'file',
  'fileMode',
  'env',
  'envFrom',
  'files',
  'filesFrom',
  'declared',
  'name',
  'id',
  'path',
  'directory',
] as const;
