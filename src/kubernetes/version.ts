/** Versions of Kubernetes as API servers and kubelets tell them. */
import { textField } from '../core/json.ts';

export interface KubernetesVersion {
  readonly major: number;
  /** Of a pre-release (alpha, beta, rc) the one before: it may lack what its own brings. */
  readonly minor: number;
  /** As it was told. */
  readonly text: string;
}

// 1.35.4, v1.35.4+k3s1, v1.36.0-eks-abc, v1.35.0-alpha.1: what distributions add follows a hyphen or a plus sign.
const VERSION = /^v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,6}))?([-+][0-9A-Za-z.+_-]{1,100})?$/;

/** Reads a version, such as a kubelet's. @returns undefined for text that is none */
export function parseVersion(text: string): KubernetesVersion | undefined {
  const [, major, minor, patch, rest = ''] = VERSION.exec(text) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  // 1.35.1-beta.0, on the other hand, is built from what came after 1.35.0.
  const isPreRelease = /^-(?:alpha|beta|rc)\b/.test(rest) && Number(patch) === 0;
  return { major: Number(major), minor: Number(minor) - (isPreRelease ? 1 : 0), text };
}

/**
 * Reads the answer of an API server's `/version`. Its `gitVersion` is exact; builds without one tell `major` and
 * `minor`, the latter with a plus sign in distributions (`35+`).
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
