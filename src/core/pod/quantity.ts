/** Kubernetes resource quantities, as needed for sums of CPU and memory. */

// Source: apimachinery's pkg/api/resource quantity grammar.
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,3})?$/;

const SCALE: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number of a quantity: `500m` is 0.5, `64Mi` is 67108864. @returns undefined for any other text */
export function parseQuantity(text: unknown): number | undefined {
  if (typeof text === 'number' && Number.isFinite(text)) return text;
  if (typeof text !== 'string' || text.length > 64) return undefined;
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const suffix = match[2];
  if (suffix === undefined) return Number(match[1]);
  const scale = SCALE[suffix];
  return scale === undefined ? Number(`${match[1]}${suffix}`) : Number(match[1]) * scale;
}

/** CPU cores as a quantity, rounded up to a thousandth: `0.25` becomes `250m`. */
export function cpuQuantity(cores: number): string {
  const milli = Math.ceil(Math.round(cores * 1e9) / 1e6);
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

/** Bytes as a quantity, rounded up to a KiB and written in Mi where that is exact. */
export function memoryQuantity(bytes: number): string {
  const kib = Math.ceil(bytes / 1024);
  return kib % 1024 === 0 ? `${kib / 1024}Mi` : `${kib}Ki`;
}
