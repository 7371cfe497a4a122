/** The annotations of aws-samples/aws-secret-sidecar-injector, which writes one secret to one file. */
import { filePathFault } from '../../../names/paths.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import type { Request } from '../form-text.ts';
import { locate } from '../locate.ts';
import { gap } from '../model.ts';
import type { Gap } from '../report.ts';
import { containersOf } from '../use.ts';
import { annotationPath, annotationsOf, NO_TOOL, type PodTool, type ReadingPod } from './pod-tool.ts';

const PREFIX = 'secrets.k8s.aws/';
const KNOWN = new Set(['secret-arn', 'secret-filename', 'mount-path', 'sidecarInjectorWebhook']);

export function readSidecarSample({ pod, report, options }: ReadingPod): PodTool {
  const annotations = annotationsOf(pod, PREFIX);
  const arn = annotations.get('secret-arn');
  if (arn === undefined) return NO_TOOL;
  for (const key of annotations.keys())
    if (!KNOWN.has(key))
      report.notCarried(`annotation ${PREFIX}${key}`, {
        why: 'migrate does not know this annotation',
        instead: 'look up what it does, and whether the pod depends on it',
      });
  if (annotations.has('sidecarInjectorWebhook'))
    report.changed(`annotation ${PREFIX}sidecarInjectorWebhook`, 'requests turn the injection on');
  return {
    ...NO_TOOL,
    uses: [
      {
        field: `annotation ${PREFIX}secret-arn`,
        removes: [...annotations.keys()].map((key) => annotationPath(`${PREFIX}${key}`)),
        containers: containersOf(pod).flatMap(({ path, name }) => (path[1] === 'containers' ? [name] : [])),
        supplies: [],
        requests: fileOf(arn, annotations.get('secret-filename') ?? 'secret', options),
        mount: { path: annotations.get('mount-path') ?? '/tmp', volume: 'secret' },
      },
    ],
  };
}

function fileOf(id: string, path: string, options: ReadingPod['options']): Result<readonly Request[], Gap> {
  const located = locate(id, { region: undefined, account: undefined }, options);
  if (!located.ok) return located;
  const fault = filePathFault(path);
  if (fault !== undefined) return gap(`the file name ${quote(path)} ${fault}`, 'give the file another name');
  return ok([{ kind: 'file', path, value: { secret: { arn: located.value.arn } }, isOptional: false }]);
}
