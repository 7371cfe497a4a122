/** Rules about the containers that receive secrets. */
import { asArray, field, textField } from '../../json.ts';
import { annotationKey } from '../../names/annotation-keys.ts';
import { subjectOf } from '../../plan/plan-subjects.ts';
import type { Container } from '../../pod/pod.ts';
import { printable, quote } from '../../problems/quote.ts';
import type { LintFinding, LintPlace } from './finding.ts';
import { type ImageName, parseImage, takesFile } from './images.ts';
import type { InspectedPod, PodRule } from './inspected.ts';
import { plainTextSecret, secretShape } from './plain-text.ts';

/** Images and containers that ship logs and metrics, or proxy traffic. */
const HELPER =
  /(?:^|[-/])(?:fluent-?bit|fluentd|filebeat|promtail|logstash|log-?(?:agent|router|shipper)|[\w-]*exporter|statsd|otel[\w-]*|opentelemetry-collector[\w-]*|envoy|cloudwatch-agent|xray-daemon|datadog-agent|oauth2-proxy)$/;
const MOST_NAMED = 5;

function receiversOf({ injection }: InspectedPod): readonly Container[] {
  return [...new Set(injection.views.flatMap((view) => view.containers))];
}

function fieldPlace({ list, index }: Container, ...rest: readonly (string | number)[]): LintPlace {
  return { path: ['spec', list, index, ...rest] };
}

function subjectIn({ list, index }: Container, member: string): string {
  return `spec.${list}[${index}].${member}`;
}

/** Images that can change under the same name. */
export const unpinnedImages: PodRule = (inspected) =>
  receiversOf(inspected).flatMap((container): readonly LintFinding[] => {
    const image = parseImage(textField(container.json, 'image') ?? '');
    if (image === undefined || image.digest !== undefined) return [];
    if (image.tag !== undefined && image.tag !== 'latest') return [];
    const found = image.tag === undefined ? 'has no tag' : 'has the tag latest';
    return [
      {
        rule: 'IMAGE_UNPINNED',
        subject: subjectIn(container, 'image'),
        message: `container ${quote(container.name)} receives secrets, and its image ${found}; use a digest or a version`,
        place: fieldPlace(container, 'image'),
      },
    ];
  });

/** Containers that receive everything because no list says otherwise, and that show no use of it. */
export const broadContainers: PodRule = (inspected) => {
  const { asked, injection, places } = inspected;
  const whole = asked.groups.find(({ containers }) => containers === undefined);
  const receivers = receiversOf(inspected).filter(({ list }) => list === 'containers');
  if (whole === undefined || asked.options.containers !== undefined || receivers.length < 2) return [];
  const names = new Set(injection.views.flatMap(({ contents }) => contents.env.map(({ name }) => name)));
  const using = receivers.filter((one) => mentions(one, names, asked.options.mountPath));
  const idle = receivers.filter((one) => !using.includes(one) && (using.length > 0 || isHelper(one)));
  // If none of them needs it, the rule understands too little of the manifest.
  if (idle.length === 0 || idle.length === receivers.length) return [];
  const shown = idle.slice(0, MOST_NAMED).map(({ name }) => quote(name));
  const more = idle.length > MOST_NAMED ? ` and ${idle.length - MOST_NAMED} more` : '';
  const subject = annotationKey('containers');
  return [
    {
      rule: 'CONTAINERS_BROAD',
      subject,
      message: `all ${receivers.length} containers receive everything, and ${shown.join(', ')}${more} do not seem to need it; list the containers that do`,
      place: places.of(subject),
    },
  ];
};

/** Whether the manifest of a container refers to one of the variables, or to the directory of the files. */
function mentions({ json }: Container, names: ReadonlySet<string>, mountPath: string): boolean {
  const text = JSON.stringify(json);
  if (text.includes(mountPath)) return true;
  return [...text.matchAll(/\$[({]?([A-Za-z_]\w*)/g)].some(([, name = '']) => names.has(name));
}

function isHelper({ name, json }: Container): boolean {
  const image = parseImage(textField(json, 'image') ?? '');
  return HELPER.test(name) || (image !== undefined && HELPER.test(image.repository));
}

/** Native variables of programs that can read a file. */
export const variablesForFiles: PodRule = ({ injection, places }) =>
  injection.views.flatMap(({ recipients, contents }) =>
    recipients
      .filter(({ envMode }) => envMode === 'native')
      .flatMap(({ container }) => {
        const image = parseImage(textField(container.json, 'image') ?? '');
        if (image === undefined) return [];
        return contents.env.flatMap((variable): readonly LintFinding[] => {
          const other = takesFile(image, variable.name);
          if (other === undefined) return [];
          const subject = printable(subjectOf.env(variable));
          return [
            {
              rule: 'VARIABLE_TAKES_FILE',
              subject,
              message: `${lastPart(image)} reads this value from a file that ${other} names; request a file instead of the native variable, which is stored on the node's disk`,
              place: places.of(subject),
            },
          ];
        });
      }),
  );

function lastPart({ repository }: ImageName): string {
  return printable(repository.slice(repository.lastIndexOf('/') + 1));
}

/** Values of variables and arguments that look like secrets. */
export const plainTextValues: PodRule = ({ pod }) =>
  [...pod.containers, ...pod.initContainers].flatMap((container) => [
    ...container.env.flatMap((entry, index): readonly LintFinding[] => {
      const name = textField(entry, 'name') ?? '';
      const what = plainTextSecret(name, textField(entry, 'value') ?? '');
      if (what === undefined) return [];
      const found = `the value of ${quote(name)} in container ${quote(container.name)} looks like ${what}`;
      return [
        exposed(found, subjectIn(container, `env[${name}]`), fieldPlace(container, 'env', index, 'value')),
      ];
    }),
    ...['command', 'args'].flatMap((list) =>
      (asArray(field(container.json, list)) ?? []).flatMap((text, index): readonly LintFinding[] => {
        const what = typeof text === 'string' ? secretShape(text) : undefined;
        if (what === undefined) return [];
        const found = `an element of ${list} in container ${quote(container.name)} looks like ${what}`;
        return [
          exposed(found, subjectIn(container, `${list}[${index}]`), fieldPlace(container, list, index)),
        ];
      }),
    ),
  ]);

function exposed(found: string, subject: string, place: LintPlace): LintFinding {
  const message = `${found}; store it in Secrets Manager, request it by reference, and replace the value`;
  return { rule: 'PLAIN_TEXT_SECRET', subject: printable(subject), message, place };
}
