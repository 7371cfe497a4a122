/** Every env-mode and format in real containers. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe } from 'vitest';
import { hasFileKeys, wantedKubernetes } from '../../../toolchain/versions.ts';
import { staticApplicationUnavailable, writeApplicationImages } from '../../application-image.ts';
import type { Stage } from '../../stage.ts';
import { fileMode } from './file.ts';
import { forbidden } from './forbidden.ts';
import { yamlForm } from './form.ts';
import { native } from './native.ts';
import { withoutFileKeys } from './old-api-server.ts';
import { shellMode } from './shell.ts';
import { views } from './views.ts';

export function modes(stage: () => Stage): void {
  const unavailable = staticApplicationUnavailable();
  if (unavailable !== undefined) process.stderr.write(`modes are skipped: ${unavailable}\n`);
  describe.skipIf(unavailable !== undefined).concurrent('modes', () => {
    beforeAll(async () => {
      const folder = path.join(stage().cluster.facts.directory, 'application');
      mkdirSync(folder);
      for (const archive of await writeApplicationImages(folder)) await stage().cluster.importImage(archive);
    });

    if (hasFileKeys(wantedKubernetes())) {
      native(stage);
      forbidden(stage);
    } else withoutFileKeys(stage);
    shellMode(stage);
    fileMode(stage);
    yamlForm(stage);
    views(stage);
  });
}
