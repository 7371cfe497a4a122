/** From the objects of other tools to annotations: what changes in the manifests, and how each field was handled. */

import { failed } from '../../problems/result.ts';
import { type Classes, readClasses } from './csi/index.ts';
import { CSI_GROUP } from './csi/provider-class.ts';
import { EXTERNAL_SECRETS_GROUP, type MadeSecrets, readExternalSecrets } from './external-secrets/index.ts';
import { leftBehind, migratePod, type PodChange } from './migrate-pod.ts';
import { type ConfigMapTexts, configMapTexts, type SourceObject, type Supply } from './model.ts';
import type { MigrateOptions } from './options.ts';
import { findOtherUsers } from './other-users.ts';
import { readPodTools } from './pod-tools/tools.ts';
import { usesOf } from './pod-uses.ts';
import { type Gap, ObjectReport, type ReportEntry } from './report.ts';
import type { Sources, Use } from './use.ts';

/** A pod, or the template of pods. */
export interface SourcePod {
  /** Of the object that contains it: `Deployment/shop/web`. */
  readonly title: string;
  readonly namespace: string;
  readonly pod: unknown;
}

export interface Migration {
  /** In the order of the pods; undefined for a pod that stays as it is. */
  readonly changes: readonly (PodChange | undefined)[];
  readonly entries: readonly ReportEntry[];
  /** Objects that no pod of these manifests needs after the migration. */
  readonly unneeded: readonly string[];
  /** Objects that something still needs. */
  readonly kept: readonly string[];
  /** Namespaces of changed pods. */
  readonly namespaces: readonly string[];
}

const SOURCE_GROUPS: readonly string[] = [EXTERNAL_SECRETS_GROUP, CSI_GROUP];

/** Migrates all pods. @param objects all objects of the manifests */
export function migrate(
  objects: readonly SourceObject[],
  pods: readonly SourcePod[],
  options: MigrateOptions,
): Migration {
  const made = readExternalSecrets(objects, options);
  const classes = readClasses(objects, options);
  const secrets = [...made.secrets, ...classes.secrets];
  const usersOf = findOtherUsers(
    objects.filter(({ apiVersion }) => !SOURCE_GROUPS.includes(apiVersion.split('/')[0] ?? '')),
  );
  const around = { made, classes, configMaps: configMapTexts(objects), options };
  const results = migratePods(
    pods,
    around,
    classes.secrets.flatMap((secret) => (usersOf(secret).length > 0 ? [secret.object] : [])),
  );
  const sources = [...made.reports, ...classes.reports];
  const used = new Map<string, boolean>();
  for (const { uses, left } of results)
    for (const use of uses)
      for (const { report, also = [] } of use.supplies)
        for (const { object } of [report, ...also])
          used.set(object, !left.includes(use) && used.get(object) !== false);
  const unneeded: string[] = [];
  const kept: string[] = [];
  for (const report of sources) {
    const isStore = report.object.split('/')[0]?.endsWith('SecretStore') === true;
    if (isStore || report.entries.some(({ field }) => field === '')) continue;
    const users = secrets
      .filter(({ object }) => object === report.object)
      .flatMap((secret) => usersOf(secret).map((user) => ({ user, secret })));
    const isMigrated = used.get(report.object);
    for (const { user, secret } of users)
      report.notCarried(`Secret ${secret.name}`, {
        why: `${user} uses it as well`,
        instead: 'keep the object',
      });
    if (isMigrated === undefined && users.length === 0)
      report.leave({
        why: 'no pod in these manifests uses it',
        instead: 'add the workloads that use it to the input, or keep it',
      });
    else if (isMigrated === true && users.length === 0) unneeded.push(report.object);
    else kept.push(report.object);
  }
  return {
    changes: results.map(({ change }) => change),
    entries: [...results.map(({ report }) => report), ...sources].flatMap(({ entries }) => entries),
    unneeded,
    kept,
    namespaces: [
      ...new Set(
        pods.flatMap(({ namespace }, index) => (results[index]?.change === undefined ? [] : [namespace])),
      ),
    ],
  };
}

interface MigratedPod {
  readonly report: ObjectReport;
  readonly uses: readonly Use[];
  /** The uses that stay. */
  readonly left: readonly Use[];
  readonly change: PodChange | undefined;
}

interface Around {
  readonly made: MadeSecrets;
  readonly classes: Classes;
  readonly configMaps: ConfigMapTexts;
  readonly options: MigrateOptions;
}

/**
 * The driver makes the Secrets of a class as long as a pod mounts it, so its volumes stay where such a Secret is still
 * used. @param pinned classes whose Secrets others use
 */
function migratePods(
  pods: readonly SourcePod[],
  around: Around,
  pinned: readonly string[],
): readonly MigratedPod[] {
  const kept = new Set(pinned);
  for (;;) {
    const results = pods.map((pod) => migrateOne(pod, around, kept));
    const before = kept.size;
    for (const { left } of results)
      for (const { volumeOf, supplies } of left)
        if (volumeOf === undefined) for (const { report } of supplies) kept.add(report.object);
    if (kept.size === before) return results;
  }
}

const PINNED: Gap = {
  why: 'the class makes a Secret that is still used, and the driver removes it when no pod mounts the class',
  instead: 'move the other uses first, or write the files into annotations by hand',
};

function migrateOne(
  { title, namespace, pod }: SourcePod,
  { made, classes, configMaps, options }: Around,
  kept: ReadonlySet<string>,
): MigratedPod {
  const report = new ObjectReport(title);
  const sources: Sources = {
    secret: (name): Supply | undefined => made.find(namespace, name) ?? classes.secret(namespace, name),
    volume: (volume) => classes.volume(namespace, volume),
  };
  const configMapText = (name: string, key: string) => configMaps(namespace, name, key);
  const tools = readPodTools({ pod, namespace, report, options, configMapText });
  const uses = [...usesOf(pod, sources), ...tools.uses].map((use) =>
    use.requests.ok && kept.has(use.volumeOf ?? '') ? { ...use, requests: failed(PINNED) } : use,
  );
  const change = migratePod(pod, uses, tools, report, { ...options, namespace });
  return { report, uses, left: leftBehind(uses, change), change };
}
