/** Maintenance windows: when workloads may be restarted. */

/** Monday is 1, Sunday 7. Minutes since midnight. A window that ends before it starts ends on the next day. */
export interface Window {
  readonly days: ReadonlySet<number>;
  readonly from: number;
  readonly to: number;
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const FORM = /^(?:([a-z,-]+) )?(\d{2}):(\d{2})-(\d{2}):(\d{2})$/;
const DAY = 24 * 60;

/** Reads a window such as `22:00-04:00` or `Mon-Fri 22:00-04:00`. @returns undefined for any other text */
export function parseWindow(text: string): Window | undefined {
  const [, names, fromHour, fromMinute, toHour, toMinute] = FORM.exec(text.trim().toLowerCase()) ?? [];
  const from = minuteOf(fromHour, fromMinute);
  const to = minuteOf(toHour, toMinute);
  const days = names === undefined ? new Set([1, 2, 3, 4, 5, 6, 7]) : daysIn(names);
  if (from === undefined || to === undefined || days === undefined || from === to || from === DAY)
    return undefined;
  return { days, from, to };
}

function minuteOf(hour: string | undefined, minute: string | undefined): number | undefined {
  const total = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && total <= DAY ? total : undefined;
}

/** Days and ranges of days, separated by commas. */
function daysIn(text: string): ReadonlySet<number> | undefined {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first, last, ...rest] = part.split('-').map((name) => DAYS.indexOf(name));
    if (first === undefined || first < 0 || (last !== undefined && last < 0) || rest.length > 0)
      return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day + 1);
      if (day === (last ?? first)) break;
    }
  }
  return days;
}

/** Whether a time is in one of the windows. Without windows, it always is. @param now milliseconds since 1970 */
export function isOpen(windows: readonly Window[], timeZone: string, now: number): boolean {
  if (windows.length === 0) return true;
  const { day, minute } = localTime(timeZone, now);
  const before = day === 1 ? 7 : day - 1;
  return windows.some(({ days, from, to }) =>
    from < to
      ? days.has(day) && minute >= from && minute < to
      : (days.has(day) && minute >= from) || (days.has(before) && minute < to),
  );
}

function localTime(timeZone: string, now: number): { readonly day: number; readonly minute: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf(parts['weekday']?.toLowerCase() ?? '') + 1,
    minute: Number(parts['hour']) * 60 + Number(parts['minute']),
  };
}

/** Whether this runtime knows a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
