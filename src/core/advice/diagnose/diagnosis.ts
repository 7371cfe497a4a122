/** What went wrong with a pod, in plain words. */
import { printable } from '../../problems/quote.ts';

export interface Diagnosis {
  /** What it is about, such as `container aws-secrets-fetch`, or the object that has it. */
  readonly subject: string;
  readonly what: string;
  /** The lines of Kubernetes or of the program that say so. */
  readonly messages: readonly string[];
  /** What to do, or commands to run: at least one. */
  readonly next: readonly string[];
}

/** An explanation of a message. */
export type Explanation = Pick<Diagnosis, 'what' | 'next'>;

/** The object that a message is about, for commands: its parts are names, or placeholders. */
export interface Place {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A name in a command that people copy: anything that no object can be named becomes a placeholder. */
export function word(name: string): string {
  return NAME.test(name) ? name : 'NAME';
}

/** Whether Kubernetes accepts a text as the name of an object. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

const NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;

/** A command for the namespace of an object. */
export function kubectl({ namespace }: Pick<Place, 'namespace'>, rest: string): string {
  return `kubectl -n ${namespace} ${rest}`;
}

/** Text of a page of docs/reference for a terminal: links become paths. */
export function withoutMarkup(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\(\.\.\/([^)]*)\)/g, '$1 (docs/$2)')
    .replace(/\[([^\]]*)\]\(([^)]*)\)/g, '$1 (docs/reference/$2)');
}

/** A message for people: a few lines, shortened. */
export function shownMessage(message: string): readonly string[] {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const shown = lines.slice(0, MOST_LINES).map((line) => printable(line.trim(), MOST_CHARACTERS));
  return lines.length > MOST_LINES ? [...shown, `… and ${lines.length - MOST_LINES} more lines`] : shown;
}

const MOST_LINES = 8;
const MOST_CHARACTERS = 1500;
