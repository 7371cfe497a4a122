/** Tools that read annotations and variables of pods, like this one. */
import type { Replaced } from '../migrate-pod.ts';
import { readInitReferences } from './init-references.ts';
import type { PodTool, ReadingPod } from './pod-tool.ts';
import { readSidecarSample } from './sidecar-sample.ts';
import { readVaultAgent } from './vault-agent.ts';

/** What all these tools do for a pod. */
export function readPodTools(reading: ReadingPod): PodTool {
  const tools = [readSidecarSample(reading), readVaultAgent(reading), readInitReferences(reading)];
  return {
    uses: tools.flatMap(({ uses }) => uses),
    removes: tools.flatMap(({ removes }) => removes),
    options: Object.assign({}, ...tools.map(({ options }) => options)) as Replaced['options'],
  };
}
