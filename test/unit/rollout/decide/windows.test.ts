import { expect, it } from 'vitest';
import { isOpen, isTimeZone, parseWindow } from '../../../../src/rollout/decide/windows.ts';

function open(text: string, at: string, zone = 'UTC'): boolean {
  const window = parseWindow(text);
  return window !== undefined && isOpen([window], zone, Date.parse(at));
}

// 2026-11-25 is a Wednesday.
it.each([
  ['22:00-04:00', '2026-11-25T22:00:00Z', true],
  ['22:00-04:00', '2026-11-25T21:59:59Z', false],
  ['22:00-04:00', '2026-11-26T03:59:59Z', true],
  ['22:00-04:00', '2026-11-26T04:00:00Z', false],
  ['Wed 22:00-04:00', '2026-11-26T03:00:00Z', true],
  ['Wed 22:00-04:00', '2026-11-25T03:00:00Z', false],
  ['Sun 22:00-04:00', '2026-11-30T03:00:00Z', true],
  ['Mon-Fri 09:00-17:00', '2026-11-25T09:00:00Z', true],
  ['Mon-Fri 09:00-17:00', '2026-11-28T09:00:00Z', false],
  ['sat,SUN 00:00-24:00', '2026-11-28T23:59:59Z', true],
  ['Sat-Mon 00:00-24:00', '2026-11-30T00:00:00Z', true],
  ['Sat-Mon 00:00-24:00', '2026-12-01T00:00:00Z', false],
])('%s at %s: %s', (text, at, expected) => {
  expect(open(text, at)).toBe(expected);
});

it('a time zone moves windows, with its summer time', () => {
  expect(open('22:00-23:00', '2026-11-25T21:30:00Z', 'Europe/Berlin')).toBe(true);
  expect(open('22:00-23:00', '2026-07-25T20:30:00Z', 'Europe/Berlin')).toBe(true);
  expect(open('22:00-23:00', '2026-07-25T21:30:00Z', 'Europe/Berlin')).toBe(false);
});

it('without windows, every time is open', () => {
  expect(isOpen([], 'UTC', 0)).toBe(true);
});

it.each([
  '',
  '22:00',
  '25:00-26:00',
  '10:60-11:00',
  '10:00-10:00',
  '24:00-03:00',
  'Foo 10:00-11:00',
  'Mon- 10:00-11:00',
  'Mon-Tue-Wed 10:00-11:00',
  '10:00-11:00 Mon',
])('is not a window: %j', (text) => {
  expect(parseWindow(text)).toBeUndefined();
});

it('time zones are those of the runtime', () => {
  expect([isTimeZone('Europe/Berlin'), isTimeZone('UTC'), isTimeZone('Mars/Olympus')]).toEqual([
    true,
    true,
    false,
  ]);
});
