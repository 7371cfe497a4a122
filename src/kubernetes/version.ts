/** Versions of Kubernetes, as API servers and kubelets report them. */
import { textField } from '../core/json.ts';

export interface KubernetesVersion {
  readonly major: number;
  /** For a pre-release (alpha, beta, rc) the previous minor version, because features may be missing. */
  readonly minor: number;
  /** As reported. */
  readonly text: string;
}

// 1.35.4, v1.35.4+k3s1, v1.36.0-eks-abc, v1.35.0-alpha.1: distributions add text after a hyphen or a plus sign.
const VERSION = /^v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,6}))?([-+][0-9A-Za-z.+_-]{1,100})?$/;

/** Parses a version. @returns undefined for any other text */
export function parseVersion(text: string): KubernetesVersion | undefined {
  const [, major, minor, patch, rest = ''] = VERSION.exec(text) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  // 1.35.1-beta.0, however, is newer than 1.35.0.
  const isPreRelease = /^-(?:alpha|beta|rc)\b/.test(rest) && Number(patch) === 0;
  return { major: Number(major), minor: Number(minor) - (isPreRelease ? 1 : 0), text };
}

/**
 * Reads the answer of an API server for `/version`. `gitVersion` is exact. Builds without it have `major` and `minor`, the
 * latter with a plus sign in some distributions (`35+`).
 */
export function readServerVersion(json: unknown): KubernetesVersion | undefined {
  const exact = parseVersion(textField(json, 'gitVersion') ?? '');
  const [major = '', minor = ''] = [textField(json, 'major'), textField(json, 'minor')];
  return exact ?? parseVersion(`${major}.${minor.replace(/\+$/, '')}`);
}

/** Whether a version is 1.`minor` or newer. */
export function isAtLeast(version: KubernetesVersion, minor: number): boolean {
  return version.major > 1 || (version.major === 1 && version.minor >= minor);
}
