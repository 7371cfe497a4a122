/** Durations as users write them: an integer and a unit, such as `90s`, `5m` or `1h`. */

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Prints seconds as a duration with the largest unit that divides them. */
export function formatDuration(seconds: number): string {
  const [unit, size] = seconds % 3600 === 0 ? ['h', 3600] : seconds % 60 === 0 ? ['m', 60] : ['s', 1];
  return `${seconds / Number(size)}${unit}`;
}

/** The seconds of a duration. @returns undefined for any other text */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const seconds = UNIT_SECONDS[unit];
  return count === undefined || seconds === undefined ? undefined : Number(count) * seconds;
}
