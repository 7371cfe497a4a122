/**
 * The main job, end to end and for real: certificates, the HTTPS webhook, a review as the API server sends it, the
 * fetcher with the command and environment of the init container, and an application reading what it wrote.
 * Only AWS and the container runtime are stood in for.
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { type StandIn, startStandIn } from '../aws-fake/index.ts';
import { DEFAULT_MANIFEST } from './default-manifest.ts';
import type { PodManifest } from './pod-manifest.ts';
import { makeSandbox, type Sandbox } from './sandbox.ts';
import { makeSteps, StepFailed, type Steps } from './steps.ts';
import { tellStory } from './story.ts';

const USAGE = `usage: ./scripts/demo [--keep] [MANIFEST]
       ./scripts/demo --cluster [--keep]

  Injects the pod of MANIFEST (default: the shop of test/demo) with an embedded AWS emulator and shows what happens.

  --keep   leave the temporary folder with certificates, files and the termination log
`;

/** Runs the demo. @returns the exit code: 0 only if every file and variable holds what the stand-in holds */
export async function runDemo(argv: readonly string[]): Promise<number> {
  const write = (text: string) => void process.stdout.write(text);
  let options: { keep: boolean; help: boolean; manifest: string | undefined };
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    options = { ...values, manifest: positionals[0] };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : ''}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    write(USAGE);
    return 0;
  }
  const steps = makeSteps(write);
  const standIn = await startStandIn();
  const sandbox = await makeSandbox();
  try {
    const pod = readPodManifest(options.manifest);
    await tellStory({ steps, standIn, sandbox, pod, dist: import.meta.dirname ?? __dirname });
    write('\nEverything that the application received is equal to the secrets.\n');
    return 0;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    return 1;
  } finally {
    await standIn.stop();
    if (options.keep) write(`\nkept: ${sandbox.folder}\n`);
    else rmSync(sandbox.folder, { recursive: true, force: true });
  }
}

export interface Stage {
  readonly steps: Steps;
  readonly standIn: StandIn;
  readonly sandbox: Sandbox;
  readonly pod: PodManifest;
  /** Where the bundles lie. */
  readonly dist: string;
}

function readPodManifest(file: string | undefined): PodManifest {
  let text = DEFAULT_MANIFEST;
  try {
    if (file !== undefined) text = readFileSync(path.resolve(file), 'utf8');
  } catch {
    throw new StepFailed(`${file} cannot be read`);
  }
  const pod = parse(text) as PodManifest | null;
  if (pod?.kind !== 'Pod')
    throw new StepFailed(
      `${file ?? 'the manifest'} is not a Pod; the API server calls the webhook only for pods`,
    );
  return pod;
}
