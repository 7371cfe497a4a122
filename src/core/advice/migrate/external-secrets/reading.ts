/** What reading an ExternalSecret needs besides the object. */
import type { Locating } from '../locate.ts';
import type { ObjectReport } from '../report.ts';
import type { Stores } from './stores.ts';

export interface ReadingSecret {
  readonly stores: Stores;
  readonly locating: Locating;
  readonly namespace: string;
  readonly report: ObjectReport;
  /** The text of a key of a ConfigMap of the namespace, if the manifests contain it. */
  readonly configMapText: (name: string, key: string) => string | undefined;
}
