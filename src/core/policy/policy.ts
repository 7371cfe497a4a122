/**
 * The operator's policy: which secrets and roles the pods of a namespace may name, and how variables may reach them. A
 * policy never grants access to AWS; it only limits what annotations may request.
 */
import type { SecretArn } from '../names/arn.ts';
import { matcher, matches, parsePattern } from '../names/key-patterns.ts';
import { NAMESPACE_PLACEHOLDER, type PolicyForm, type RuleForm } from './schema.ts';

/** A policy that was read. */
export interface Policy {
  readonly form: PolicyForm;
  /** Selects the rules that apply to a namespace. */
  readonly rulesIn: (namespace: string) => NamespaceRules;
}

interface Rule {
  readonly appliesTo: (namespace: string) => boolean;
  /** In a namespace. */
  readonly in: (namespace: string) => NamespaceRule;
}

/** A rule in one namespace. A list that the rule does not have allows everything. */
export interface NamespaceRule {
  readonly name: string;
  readonly allowsAccount: (account: string) => boolean;
  readonly allowsRegion: (region: string) => boolean;
  readonly allowsSecret: (arn: SecretArn) => boolean;
  readonly allowsRole: (arn: string) => boolean;
  readonly allowsEnvMode: (mode: EnvMode) => boolean;
  readonly requiresCompleteArns: boolean;
  /** The first elements of a list of the rule, and their number. Patterns contain the namespace instead of its placeholder. */
  readonly allowed: (
    field: LimitedField,
    most: number,
  ) => { readonly first: readonly string[]; readonly count: number };
}

type EnvMode = NonNullable<RuleForm['envModes']>[number];
export type LimitedField = 'accounts' | 'regions' | 'secrets' | 'roles' | 'envModes';

/** The rules of a namespace. */
export interface NamespaceRules {
  /** Every one of them must allow a request. */
  readonly rules: readonly NamespaceRule[];
  /** Whether no pod of the namespace may request secrets. */
  readonly isDenied: boolean;
}

export const NO_RULES: NamespaceRules = { rules: [], isDenied: false };

/** Clusters have fewer namespaces with pods that request secrets; for more, rules are selected again. */
const MOST_REMEMBERED = 1000;

/** Makes a policy from a valid form. Patterns are parsed once, and rules are selected once for each namespace. */
export function policyOf(form: PolicyForm): Policy {
  const rules = form.rules.map(ruleOf);
  const mayRequest = matcher(form.namespaces ?? ['*']);
  const remembered = new Map<string, NamespaceRules>();
  return {
    form,
    rulesIn: (namespace) => {
      const known = remembered.get(namespace);
      if (known !== undefined) return known;
      const applying = rules.filter((rule) => rule.appliesTo(namespace)).map((rule) => rule.in(namespace));
      const selected = { rules: applying, isDenied: !mayRequest(namespace) };
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(namespace, selected);
      return selected;
    },
  };
}

function ruleOf(form: RuleForm): Rule {
  const { name, accounts, regions, roles, envModes } = form;
  const isNamed = matcher(form.namespaces);
  const isExcepted = matcher(form.exceptNamespaces ?? []);
  const isAccount = accounts && new Set(accounts);
  const isRegion = regions && matcher(regions);
  const secretsIn = form.secrets && secretMatcher(form.secrets);
  const rolesIn = roles && patternsIn(roles);
  return {
    appliesTo: (namespace) => isNamed(namespace) && !isExcepted(namespace),
    in: (namespace) => ({
      name,
      allowsAccount: (account) => isAccount?.has(account) ?? true,
      allowsRegion: (region) => isRegion?.(region) ?? true,
      allowsSecret: secretsIn?.(namespace) ?? (() => true),
      allowsRole: rolesIn?.(namespace) ?? (() => true),
      allowsEnvMode: (mode) => envModes?.includes(mode) ?? true,
      requiresCompleteArns: form.completeArns === true,
      allowed: (field, most) => {
        const list = form[field] ?? [];
        return { first: insert(list.slice(0, most), namespace), count: list.length };
      },
    }),
  };
}

type TextIn = (namespace: string) => (text: string) => boolean;

/** Names have no colon, and ARNs do. */
function secretMatcher(patterns: readonly string[]): (namespace: string) => (arn: SecretArn) => boolean {
  const isArn = (pattern: string) => pattern.includes(':');
  const namesIn = patternsIn(patterns.filter((pattern) => !isArn(pattern)));
  const arnsIn = patternsIn(patterns.filter(isArn));
  return (namespace) => {
    const isName = namesIn(namespace);
    const isArn = arnsIn(namespace);
    // Operators copy complete ARNs from AWS, and patterns such as …:secret:prod/db-* from IAM policies.
    return (arn) => isName(arn.name) || isArn(arn.text) || isArn(withoutSuffix(arn));
  };
}

function withoutSuffix({ text, suffix }: SecretArn): string {
  return suffix === undefined ? text : text.slice(0, -suffix.length - 1);
}

/** Wildcards are found before the namespace is inserted, so that no name of a namespace can act as a pattern. */
function patternsIn(texts: readonly string[]): TextIn {
  const has = (text: string) => text.includes(NAMESPACE_PLACEHOLDER);
  const fixed = matcher(texts.filter((text) => !has(text)));
  const others = texts.filter(has).map(parsePattern);
  if (others.length === 0) return () => fixed;
  return (namespace) => {
    const inserted = others.map((pattern) => insert(pattern, namespace));
    return (text) => fixed(text) || inserted.some((pattern) => matches(text, pattern));
  };
}

function insert(texts: readonly string[], namespace: string): readonly string[] {
  return texts.map((text) => text.replaceAll(NAMESPACE_PLACEHOLDER, () => namespace));
}
