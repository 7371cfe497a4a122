/**
 * The operator's policy, defined once: validation, TypeScript types, the published JSON Schema and the table of fields in
 * docs/guides/policy.md are made from this schema.
 */
import * as z from 'zod/mini';
import { choice, FORM_DOCS, fields, flag, list, pattern } from '../annotations/form/parts.ts';

export const MAX_RULES = 500;
/** Of one list. */
const MAX_ELEMENTS = 500;
/** Of the whole file: a pod with 500 secrets is compared with all patterns of its namespace. */
export const MAX_PATTERNS = 5000;
/** Stands for the namespace of the pod, in patterns of secrets and roles. */
export const NAMESPACE_PLACEHOLDER = '{namespace}';

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,61}[A-Za-z0-9])?$/;
const NAMESPACE = /^[a-z0-9*-]{1,63}$/;
const ACCOUNT = /^[0-9]{12}$/;
/** The name of a Region, or text with a wildcard. */
const REGION = /^(?:[a-z0-9-]{0,31}\*[a-z0-9*-]{0,31}|[a-z]{2,8}(?:-[a-z]+){1,4}-[0-9]{1,2})$/;
const SECRET =
  /^(?:arn:[a-z*-]{1,24}:secretsmanager:[a-z0-9*-]{1,63}:[0-9*]{1,12}:secret:)?(?:\{namespace\}|[A-Za-z0-9/_+=.@!*-]){1,519}$/;
const ROLE = /^arn:[a-z*-]{1,24}:iam::[0-9*]{1,12}:role\/(?:\{namespace\}|[A-Za-z0-9_+=,.@/*-]){1,576}$/;

/** The env-modes that a pod can end up with: `auto` selects one of them. */
const DELIVERIES = ['native', 'shell', 'file'] as const;

const namespace = () =>
  pattern(
    NAMESPACE,
    'The name of a namespace, or a pattern.',
    'use the name of a namespace such as shop or shop-*',
  );
const some = { least: 1, most: MAX_ELEMENTS } as const;

const NAMESPACES_EXPECTED = 'use a list of namespaces such as [shop, "shop-*"], or ["*"] for all';

const rule = fields(
  {
    name: pattern(
      NAME,
      'The name of the rule, which messages to users contain. Each rule has another name.',
      'use 1 to 63 letters, digits, spaces and characters of ._- ; start and end with a letter or digit',
    ),
    namespaces: list(
      namespace(),
      some,
      'The namespaces that the rule applies to. `["*"]` is every namespace.',
      NAMESPACES_EXPECTED,
    ),
    exceptNamespaces: z.exactOptional(
      list(
        namespace(),
        some,
        'Namespaces that the rule does not apply to, although `namespaces` matches them.',
        'use a list of namespaces such as [platform], or remove the field',
      ),
    ),
    accounts: z.exactOptional(
      list(
        pattern(ACCOUNT, 'An account ID.', 'use the 12 digits of an account ID, in quotes'),
        some,
        'The accounts of secrets.',
        'use a list of account IDs such as ["111122223333"], or remove the field to allow all',
      ),
    ),
    regions: z.exactOptional(
      list(
        pattern(REGION, 'A Region, or a pattern.', 'use the name of a Region such as eu-west-1 or "eu-*"'),
        some,
        'The Regions of secrets, those of `failover` included.',
        'use a list of Regions such as [eu-west-1, "eu-*"], or remove the field to allow all',
      ),
    ),
    secrets: z.exactOptional(
      list(
        pattern(
          SECRET,
          'A pattern of names or of ARNs.',
          'use a pattern of names such as "prod/shop/*", or of ARNs such as "arn:aws:secretsmanager:*:111122223333:secret:prod/shop/*"; {namespace} is the namespace of the pod',
        ),
        some,
        'The secrets, by name without the six-character suffix, or by ARN. `{namespace}` is the namespace of the pod.',
        'use a list of patterns such as ["prod/shop/*"], or remove the field to allow all',
      ),
    ),
    roles: z.exactOptional(
      list(
        pattern(
          ROLE,
          'A pattern of ARNs of roles.',
          'use a pattern such as "arn:aws:iam::111122223333:role/shop-*"; {namespace} is the namespace of the pod',
        ),
        { least: 0, most: MAX_ELEMENTS },
        'The roles of the annotations `role-arn` and `assume-role-arn`. `[]` is no role. `{namespace}` is the namespace of the pod.',
        'use a list of patterns such as ["arn:aws:iam::111122223333:role/shop-*"], [] for no role, or remove the field to allow all',
      ),
    ),
    envModes: z.exactOptional(
      list(
        choice(DELIVERIES, 'An env-mode.'),
        { least: 1, most: DELIVERIES.length },
        'The env-modes of containers that receive variables: `native`, `shell`, `file`. `auto` selects one of those that are allowed.',
        'use a list of native, shell and file, or remove the field to allow all',
      ),
    ),
    completeArns: z.exactOptional(flag('Whether ARNs of secrets must end in the six-character suffix.')),
  },
  [],
  {
    id: 'rule',
    description: 'What the pods of some namespaces may request. A field that is absent allows all.',
  },
);

/** The whole file. */
export const POLICY = fields(
  {
    namespaces: z.exactOptional(
      list(
        namespace(),
        some,
        'The namespaces whose pods may request secrets. By default, all.',
        'use a list of namespaces such as [shop, "shop-*"], or remove the field to allow all',
      ),
    ),
    rules: z
      .array(rule, { error: 'use a list in which each rule starts with "- name: …", or [] for no rule' })
      .check(z.maxLength(MAX_RULES, { error: `use at most ${MAX_RULES} rules` }))
      .register(FORM_DOCS, {
        description: 'The rules. Their order has no meaning: every rule of a namespace must allow a request.',
      }),
  },
  [],
  { id: 'policy', description: "The operator's policy of aws-secrets-injector." },
);

/** The known fields, for `did you mean`. */
export const POLICY_FIELDS = Object.keys(POLICY.def.shape);
export const RULE_FIELDS = Object.keys(rule.def.shape);

export type PolicyForm = z.infer<typeof POLICY>;
export type RuleForm = PolicyForm['rules'][number];
