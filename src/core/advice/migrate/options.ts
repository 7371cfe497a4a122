/** What a migration needs besides the manifests. */
import type { InjectionSettings } from '../../settings.ts';
import type { Locating } from './locate.ts';

export interface MigrateOptions extends Locating {
  readonly settings: InjectionSettings;
  /** Whether pods use their own identity instead of the roles of stores. */
  readonly ownIdentity: boolean;
  /** Whether files may get another path. */
  readonly movesFiles: boolean;
  /** Whether variables whose values are ARNs of secrets are references of kube-secrets-init. */
  readonly secretsInit: boolean;
  /** Reads YAML as kubectl does. @returns undefined for anything else */
  readonly parseYaml: (text: string) => unknown;
}
