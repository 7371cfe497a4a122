/** Whether the clocks agree: AWS rejects requests, and clients reject certificates, if they do not. */
import { type Check, type Context, type Finding, finding, okay, unanswered } from '../check.ts';
import { object } from '../facts.ts';
import { endpointOf, regionsOf } from './regions.ts';

/** In seconds. Answers contain whole seconds, and take time. */
const SMALL = 30;
/** AWS rejects signatures that are older, and STS tokens that are this far in the future. */
const LARGE = 300;

export const clock: Check = {
  name: 'clock',
  about: 'The clocks of the API server, of AWS and of this machine.',
  async run(context, signal) {
    // Not the answer that other checks have: it may be older.
    const answer = await context.api.ask(object('/version'), signal);
    if (answer.kind !== 'answer') return [unanswered(answer, 'get /version')];
    const { at } = answer;
    if (at === undefined) return [finding('skipped', 'the API server does not tell the time')];
    const local = (at - context.now()) / 1000;
    const aws = await awsOffset(context, signal);
    const findings = [judge('the API server', 'this machine', local)];
    if (aws === undefined) return [...findings, finding('skipped', 'AWS: no answer with the time')];
    return [...findings, judge('the API server', 'AWS', local - aws)];
  },
};

/** The clock of AWS minus that of this machine, in seconds. */
async function awsOffset(context: Context, signal: AbortSignal): Promise<number | undefined> {
  const [region] = await regionsOf(context);
  if (region === undefined) return undefined;
  const answer = await context.network.get(endpointOf('sts', region), signal);
  const at = answer.ok ? Date.parse(answer.headers.date ?? '') : Number.NaN;
  return Number.isNaN(at) ? undefined : (at - context.now()) / 1000;
}

/** @param seconds that `one` is ahead of `other` */
function judge(one: string, other: string, seconds: number): Finding {
  const size = Math.abs(seconds);
  const direction = seconds > 0 ? 'ahead of' : 'behind';
  if (size < SMALL) return okay(`the clocks of ${one} and of ${other} agree`);
  const text = `the clock of ${one} is ${Math.round(size)} s ${direction} that of ${other}`;
  return size < LARGE
    ? finding('warn', text, 'Check NTP.')
    : finding('fail', `${text}: AWS rejects requests of such machines`, 'Check NTP.');
}
