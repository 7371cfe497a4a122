/** From the subject of a problem to the place in the pod. */
import { formPlaces, syntaxErrorOffset } from '../../annotations/form/places.ts';
import { asObject, field } from '../../json.ts';
import { FORM } from '../../names/annotation-keys.ts';
import { type Path, SECRETS } from '../../names/form-subject.ts';
import { PREFIX } from '../../names/prefix.ts';
import { printable } from '../../problems/quote.ts';
import type { LintPlace } from './finding.ts';

const ANNOTATIONS: Path = ['metadata', 'annotations'];
const SPEC_PART = /^(\w+)|^\.(\w+)|^\[(\d+)\]/;

/** The place of an annotation. */
export function annotationPlace(key: string): LintPlace {
  return { path: [...ANNOTATIONS, key] };
}

/** Finds the places in one pod. */
export class Places {
  readonly #keys: readonly string[];
  readonly #byName: ReadonlyMap<string, string>;
  readonly #form: string | undefined;
  #parts: ReadonlyMap<string, number> | undefined;

  /** @param pod as JSON */
  constructor(pod: unknown) {
    const annotations = asObject(field(field(pod, 'metadata'), 'annotations')) ?? {};
    this.#keys = Object.keys(annotations);
    this.#byName = new Map(this.#keys.map((key) => [printable(key), key]));
    const form = annotations[SECRETS];
    this.#form = typeof form === 'string' ? form : undefined;
  }

  /** The place of a subject. A field that is not in the pod, such as an option with its default, is at the first annotation. */
  of(subject: string): LintPlace {
    const key = this.#byName.get(subject);
    if (key === SECRETS) return this.#whole();
    if (key !== undefined) return annotationPlace(key);
    if (subject.startsWith(`${SECRETS}[`) || subject.startsWith(`${SECRETS}.`))
      return this.#inForm(subject.slice(SECRETS.length));
    const spec = /^(?:spec\.|(?=(?:containers|initContainers|volumes)\[))/.exec(subject);
    if (spec !== null) return { path: ['spec', ...specPath(subject.slice(spec[0].length))] };
    const first =
      this.#keys.find((one) => one.startsWith(`${PREFIX}env`)) ??
      this.#keys.find((one) => one === PREFIX + FORM) ??
      this.#keys.find((one) => one.startsWith(PREFIX));
    return first === undefined ? { path: ANNOTATIONS } : annotationPlace(first);
  }

  #whole(): LintPlace {
    const offset = this.#form === undefined ? undefined : syntaxErrorOffset(this.#form);
    return { ...annotationPlace(SECRETS), ...(offset === undefined ? {} : { offset }) };
  }

  /** The place of the longest known part of a field. */
  #inForm(name: string): LintPlace {
    this.#parts ??= formPlaces(this.#form ?? '');
    for (
      let end = name.length;
      end > 0;
      end = Math.max(name.lastIndexOf('.', end - 1), name.lastIndexOf('[', end - 1))
    ) {
      const offset = this.#parts.get(name.slice(0, end));
      if (offset !== undefined) return { ...annotationPlace(SECRETS), offset };
    }
    return annotationPlace(SECRETS);
  }
}

function specPath(name: string): Path {
  const path: (string | number)[] = [];
  let rest = name;
  for (let part = SPEC_PART.exec(rest); part !== null; part = SPEC_PART.exec(rest)) {
    const [text, first, member, index] = part;
    path.push(index === undefined ? (first ?? member ?? '') : Number(index));
    rest = rest.slice(text.length);
  }
  return path;
}
