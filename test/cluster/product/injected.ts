/** Injects a pod as the webhook of the cluster does, for tests without the webhook. */
import jsonpatch from 'fast-json-patch';
import { decideInjection } from '../../../src/core/inject.ts';
import type { InjectionSettings } from '../../../src/core/settings.ts';
import { IMAGE_NAME, IMAGE_TAG } from './product-image.ts';

/** @returns the injected pod, or undefined if nothing is injected */
export function injectedPod<T>(
  asking: T,
  namespace: string,
  settings: Partial<InjectionSettings>,
): T | undefined {
  const all = { ...settings, image: `${IMAGE_NAME}:${IMAGE_TAG}` };
  const outcome = decideInjection(asking, { namespace }, all);
  if (outcome.kind !== 'injected') return undefined;
  return jsonpatch.applyPatch(structuredClone(asking), structuredClone([...outcome.patch]), true).newDocument;
}
