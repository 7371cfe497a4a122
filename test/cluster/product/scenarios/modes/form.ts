/** The YAML form in one pod: every way to select, convert, name and place a value. */
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { checksum, pod, printFile, printVariable, shell } from '../../pods.ts';
import { arnOf, canary } from '../../secrets.ts';
import type { KubernetesObject, Stage } from '../../stage.ts';

const FOLDER = '/run/secrets/aws';
const DAY = 86_400_000;

interface Status {
  readonly status: {
    readonly initContainerStatuses: readonly {
      readonly name: string;
      readonly state: { readonly terminated?: { readonly message?: string } };
    }[];
  };
}

function form(name: string): string {
  return `
- secret: db
  env:
    USER_NAME: username
    FIRST_HOST: { jmesPath: "endpoints[0].host" }
    PORTS: { jmesPath: "endpoints[].port" }
    TIMEOUT: { jmesPath: limits.timeout }
    DECODED: { key: encoded, decode: base64 }
    ABSENT: { key: nothing, optional: true }
    STAND_IN: { jmesPath: nothing.at.all, default: "it's a default" }
  envFrom: { prefix: DB_, case: upper, exclude: ["end*", encoded, limits], onCollision: skip }
  files:
    db.json: {}
    deep/er/user: { key: username, mode: "0444" }
    blob: { key: encoded, decode: base64 }
    app.conf: { template: "user={{username | shell}}\\n{{#endpoints}}{{host | url}};{{/endpoints}}\\n" }
    endpoints.json: { key: endpoints }
  filesFrom: { directory: all/of, include: [username, limits] }
- secret: ${arnOf(`${name}-flat`)}
  files:
    flat.properties: { format: properties }
    flat.yaml: { format: yaml }
    flat.env: { format: systemd }
- secret: ${arnOf(`${name}-tls`)}
  files:
    tls/cert.pem: { pem: certificates }
    tls/key.pem: { pem: private-key, mode: "0400" }
- secret: ${arnOf(`${name}-token`)}
  versionStage: AWSPREVIOUS
  env: { OLD_TOKEN: {} }
- secret: ${arnOf(`${name}-absent`)}
  optional: true
  env: { NOWHERE: {} }
  files: { maybe: {} }
- secret: ${arnOf(`${name}-token`)}
  env: { NEW_TOKEN: {} }
`;
}

export function yamlForm(stage: () => Stage): void {
  describe.concurrent('the YAML form', () => {
    it('expressions, conversions, formats, templates, versions, missing values', async () => {
      const name = await stage().namespace();
      const { aws } = stage();
      const username = canary();
      const password = canary(`'\nline 2`);
      const decoded = Buffer.from([0, 255, 10, 13, 0xf0, 0x9f]);
      const text = canary(`'\u00e9`);
      // Numbers that a double cannot represent.
      const json = `{"username":${JSON.stringify(username)},"password":${JSON.stringify(password)},"limits":{"timeout":1.50},"endpoints":[{"host":"a b.example","port":12345678901234567890},{"host":"c.example","port":2}],"encoded":"${Buffer.from(text).toString('base64')}"}`;
      aws.putSecret({ arn: arnOf(`${name}-db`), value: json });
      const [flatValue, oldToken, newToken] = [canary('\u00e9'), canary(), canary()];
      aws.putSecret({ arn: arnOf(`${name}-flat`), value: JSON.stringify({ A_KEY: flatValue }) });
      aws.putSecret({ arn: arnOf(`${name}-token`), value: oldToken }).putValue(newToken);
      aws.putSecret({ arn: arnOf(`${name}-raw`), value: decoded });
      const leaf = await generate([{ name: 'commonName', value: 'shop.example' }], {
        keyType: 'ec',
        curve: 'P-256',
        notAfterDate: new Date(Date.now() + 6.5 * DAY),
      });
      aws.putSecret({ arn: arnOf(`${name}-tls`), value: `${leaf.private.trim()}\n${leaf.cert.trim()}\n` });

      const files: readonly (readonly [string, string | Uint8Array])[] = [
        ['db.json', json],
        ['deep/er/user', username],
        ['blob', text],
        ['app.conf', `user='${username.replaceAll("'", `'\\''`)}'\na%20b.example;c.example;\n`],
        [
          'endpoints.json',
          '[{"host":"a b.example","port":12345678901234567890},{"host":"c.example","port":2}]',
        ],
        ['all/of/username', username],
        ['all/of/limits', '{"timeout":1.50}'],
        ['flat.properties', `A_KEY=${flatValue.replace('\u00e9', '\\u00e9')}\n`],
        ['flat.yaml', `"A_KEY": "${flatValue}"\n`],
        ['flat.env', `A_KEY="${flatValue}"\n`],
        ['tls/cert.pem', `${leaf.cert.trim()}\n`],
        ['tls/key.pem', `${leaf.private.trim()}\n`],
        ['raw', decoded],
      ];
      const variables: readonly (readonly [string, string])[] = [
        ['USER_NAME', username],
        ['FIRST_HOST', 'a b.example'],
        ['PORTS', '[12345678901234567890,2]'],
        ['TIMEOUT', '1.50'],
        ['DECODED', text],
        ['STAND_IN', "it's a default"],
        ['DB_USERNAME', username],
        ['DB_PASSWORD', password],
        ['OLD_TOKEN', oldToken],
        ['NEW_TOKEN', newToken],
        ['SHORT', password],
      ];
      const absent = ['ABSENT', 'NOWHERE', 'DB_ENDPOINTS', 'DB_ENCODED', 'DB_LIMITS'];
      await stage().mustCreate(
        pod(name, {
          annotations: {
            'secrets-injector.dev/secret.db': arnOf(`${name}-db`),
            'secrets-injector.dev/secrets': form(name),
            // Short annotations and the YAML form in one pod.
            'secrets-injector.dev/env.SHORT': 'db:password',
            'secrets-injector.dev/file.raw': arnOf(`${name}-raw`),
          },
          containers: [
            shell(
              'app',
              ...variables.map(([variable]) => printVariable(variable)),
              ...files.map(([file]) => printFile(`${FOLDER}/${file}`)),
              ...absent.map((variable) => `test -z "\${${variable}+set}" && echo ${variable}`),
              `test ! -e ${FOLDER}/maybe`,
              `stat -L -c '%a' ${FOLDER}/deep/er/user ${FOLDER}/tls/key.pem ${FOLDER}/db.json`,
            ),
          ],
          spec: { securityContext: { runAsUser: 1234, runAsGroup: 1234 } },
        }),
      );
      expect(await stage().outputOf(name, 'app')).toEqual([
        ...variables.map(([, value]) => checksum(value)),
        ...files.map(([, value]) => checksum(value)),
        ...absent,
        '444',
        '400',
        '400',
      ]);
      const { status } = await stage().get<Status>(name, 'pod', 'app');
      const [fetcher] = status.initContainerStatuses;
      expect(fetcher?.state.terminated?.message).toMatch(
        /tls\/cert\.pem.*: certificate in secret arn:\S+-tls-AbCdEf expires in 6 days/,
      );
    });

    it.each([
      ['another secret', ':shop/one-', ':shop/two-'],
      ['another key', '"key"', '"other"'],
    ])('changed in an injected pod to %s: rejected', async (_what, before, after) => {
      const name = await stage().namespace();
      const form = [{ secret: arnOf('one'), files: { value: 'key' } }];
      const annotations = { 'secrets-injector.dev/secrets': JSON.stringify(form) };
      const { stdout } = await stage().create(
        pod(name, { annotations }),
        '--dry-run=server',
        '--output=json',
      );
      const { metadata, ...rest } = JSON.parse(stdout) as KubernetesObject;
      const changed = { 'secrets-injector.dev/secrets': JSON.stringify(form).replace(before, after) };
      const restored = { ...rest, metadata: { namespace: name, name: 'app', annotations: changed } };
      const { stderr, status } = await stage().create(restored as KubernetesObject);
      expect(status).toBe(1);
      expect(stderr).toContain('POD_NAME_CONFLICT');
      expect(stderr).toContain('has a plan that does not match the annotations');
    });
  });
}
