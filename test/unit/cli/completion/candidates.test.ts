import { expect, it } from 'vitest';
import { complete, formatCompletion } from '../../../../src/cli/completion/candidates.ts';
import { choice, integer, PATH, SWITCH } from '../../../../src/runtime/settings/kinds.ts';
import { optional, setting } from '../../../../src/runtime/settings/settings.ts';

const settings = {
  file: optional(PATH, 'Manifests to read. By default, standard input.'),
  format: setting(choice('json', 'text'), 'text', 'What to print.'),
  force: setting(SWITCH, false, 'Replace files.'),
  days: setting(integer(1, 9), 1, 'Days.'),
};
const COMMANDS = {
  render: {
    summary: 'print manifests',
    load: async () => ({ help: { usage: 'render', settings, variables: false } }),
  },
  webhook: {
    summary: 'serve',
    load: () => Promise.reject(new Error('its bundle is not here')),
    isProgram: true,
  },
} as const;

const answer = async (...words: readonly string[]) => formatCompletion(await complete(COMMANDS, words));

it.each<readonly [readonly string[], string]>([
  [
    [],
    'render\tprint manifests\nwebhook\tserve\n--help\tPrint the help of the command.\n--version\tPrint the version.\n:4\n',
  ],
  [['re'], 'render\tprint manifests\n:4\n'],
  [['render', '--fo'], '--format\tWhat to print.\n--force\tReplace files.\n:4\n'],
  [['render', '--format', ''], 'json\ntext\n:4\n'],
  [['render', '--format', 'j'], 'json\n:4\n'],
  [['render', '--format=t'], '--format=text\n:4\n'],
  [['render', '--force', '--fi'], '--file\tManifests to read.\n:4\n'],
  [['render', '--file', 'a'], ':0\n'],
  [['render', '-f', ''], ':0\n'],
  [['render', '--file=a'], ':0\n'],
  [['render', '--days', ''], ':4\n'],
  [['render', '--unknown=x'], ':4\n'],
  [['webhook', '--'], ':4\n'],
  [['nothing', '--'], ':4\n'],
  [['__proto__', '--'], ':4\n'],
  [
    ['render', '--constructor', ''],
    '--file\tManifests to read.\n--format\tWhat to print.\n--force\tReplace files.\n--days\tDays.\n--help\tPrint the help of the command.\n:4\n',
  ],
])('after %j', async (words, expected) => {
  expect(await answer(...words)).toBe(expected);
});
