/**
 * Runs one injection end to end with the real programs: certificates, the HTTPS webhook, an admission review, the fetcher
 * with the command and environment of the init container, and an application that reads its variables and files.
 * AWS is a fake, and the demo itself acts as the API server and as kubelet.
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

const USAGE = `Usage: ./scripts/demo [--keep] [MANIFEST]
       ./scripts/demo --cluster [--keep]

Runs one injection end to end with an embedded AWS fake, and prints each step. MANIFEST is a file with one Pod
(default: test/demo/shop.yaml).

  --cluster   run the demo in a Kubernetes cluster on this machine; see --cluster --help
  --keep      keep the temporary directory with the certificates, the written files and the termination log
  --help      print this help and exit
`;

const INTRODUCTION = `This demo runs one injection on this machine, without a cluster and without an AWS account.

  real   the certificates, the webhook, its admission review and patch, and the fetcher, which is the program of the
         init container
  fake   AWS: an embedded AWS fake with random secrets
         the API server: the demo sends the pod to the webhook and applies the patch
         kubelet: the demo starts the fetcher and a small application, and sets native variables
`;

/** Runs the demo. @returns the exit code: 0 only if every file and variable is equal to the value in the AWS fake */
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
    write(INTRODUCTION);
    await tellStory({ steps, standIn, sandbox, pod, dist: import.meta.dirname ?? __dirname });
    write(
      '\nEverything that the application received is equal to the secrets. Values are random and are not printed.\n',
    );
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
  /** The directory of the build. */
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
