/** Names of images, and images whose programs read secrets from files. */

export interface ImageName {
  /** With the registry, if there is one. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** @returns undefined for a text that is not the name of an image, such as a placeholder */
export function parseImage(text: string): ImageName | undefined {
  const [, repository, tag, digest] =
    /^((?:[\w.-]+(?::\d+)?\/)?[\w./-]+?)(?::([\w.-]{1,128}))?(?:@([\w+.-]+:[0-9a-fA-F]{32,}))?$/.exec(text) ??
    [];
  return repository === undefined ? undefined : { repository, tag, digest };
}

interface FileConvention {
  readonly image: RegExp;
  readonly variable: RegExp;
  readonly suffix: string;
}

// The pages of the official images and of Bitnami ("_FILE"), and of Grafana ("__FILE").
const CONVENTIONS: readonly FileConvention[] = [
  { image: /(?:^|\/)postgres$/, variable: /^POSTGRES_(?:PASSWORD|USER|DB|INITDB_ARGS)$/, suffix: '_FILE' },
  { image: /(?:^|\/)mysql$/, variable: /^MYSQL_(?:ROOT_)?(?:PASSWORD|USER|DATABASE|HOST)$/, suffix: '_FILE' },
  {
    image: /(?:^|\/)mariadb$/,
    variable: /^(?:MARIADB|MYSQL)_(?:ROOT_)?(?:PASSWORD|USER|DATABASE)$/,
    suffix: '_FILE',
  },
  { image: /(?:^|\/)mongo$/, variable: /^MONGO_INITDB_ROOT_(?:USERNAME|PASSWORD)$/, suffix: '_FILE' },
  { image: /(?:^|\/)wordpress$/, variable: /^WORDPRESS_(?:DB_\w+|\w+_(?:KEY|SALT))$/, suffix: '_FILE' },
  { image: /(?:^|\/)bitnami(?:legacy|secure)?\/[\w-]+$/, variable: /_PASSWORD$/, suffix: '_FILE' },
  { image: /(?:^|\/)grafana\/grafana[\w-]*$/, variable: /^GF_(?!.*__FILE$)\w+$/, suffix: '__FILE' },
];

/** @returns the variable that names a file with the value, for a program that has one */
export function takesFile({ repository }: ImageName, variable: string): string | undefined {
  const convention = CONVENTIONS.find((one) => one.image.test(repository) && one.variable.test(variable));
  return convention === undefined ? undefined : `${variable}${convention.suffix}`;
}
