/** Import walls: no circle between files, no import of a room further up, no package that a house does not list. */
import path from 'node:path';
import { cruise, type ICruiseResult, type IRegularForbiddenRuleType } from 'dependency-cruiser';
import { HOUSES, type House } from './rooms.ts';

/** @returns one line for each import that crosses a wall, and for each file that has no room */
export async function checkImports(root: string): Promise<readonly string[]> {
  const { output } = await cruise(['src'], {
    baseDir: root,
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules'] },
    validate: true,
    ruleSet: { forbidden: rules() },
  });
  const { modules, summary } = output as ICruiseResult;
  const homeless = modules
    .map(({ source }) => source)
    .filter((file) => file.startsWith('src/') && roomOf(file) === undefined)
    .map((file) => `${file} has no room in scripts/rooms.ts`);
  const crossing = summary.violations.map(({ from, to, rule, cycle }) => {
    const target = cycle === undefined ? to : cycle.map(({ name }) => name).join(' → ');
    return `${from} → ${target}: ${rule.name}`;
  });
  return modules.length === 0 ? ['no file was found in src'] : [...homeless, ...crossing];
}

function rules(): IRegularForbiddenRuleType[] {
  const circles = { name: 'files must not import each other in a circle', from: {}, to: { circular: true } };
  return [circles, ...Object.entries(HOUSES).flatMap(([name, house]) => rulesOf(name, house))].map(
    (rule) => ({
      ...rule,
      severity: 'error' as const,
    }),
  );
}

type Rule = Pick<IRegularForbiddenRuleType, 'name' | 'from' | 'to'>;

function rulesOf(name: string, house: House): readonly Rule[] {
  const folder = `^src/${name}/`;
  const upwards = house.rooms.slice(1).map((room, index) => {
    const above = house.rooms.slice(0, index + 1).map((one) => pattern(name, one, house));
    return {
      name: `src/${name}/${room} must not import a room above it`,
      from: { path: pattern(name, room, house) },
      to: { path: above },
    };
  });
  const allowed = [name, ...house.imports].map((one) => `^src/${one}/`);
  const packages = house.packages.map((one) => `^node_modules/${one}/`);
  return [
    ...upwards,
    {
      name: `src/${name} must not import this folder`,
      from: { path: folder },
      // Bundles load each other at run time, by the name that they have in dist.
      to: {
        pathNot: [...allowed, '^node_modules/', '^package\\.json$', '\\.cjs$'],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: `src/${name} must not import this package`,
      from: { path: folder },
      to: { path: ['^node_modules/'], pathNot: packages },
    },
    ...(house.builtins
      ? []
      : [
          {
            name: `src/${name} must not import from Node`,
            from: { path: folder },
            to: { dependencyTypes: ['core' as const] },
          },
        ]),
  ];
}

/** Files of a room; those of a room inside it are not its own. */
function pattern(house: string, room: string, { rooms }: House): string {
  const inner = rooms
    .filter((other) => other.startsWith(`${room}/`))
    .map((other) => other.slice(room.length + 1));
  const without = inner.length === 0 ? '' : `(?!(?:${inner.join('|')})/)`;
  return room.endsWith('.ts')
    ? `^src/${house}/${room.replaceAll('.', '\\.')}$`
    : `^src/${house}/${room}/${without}`;
}

function roomOf(file: string): string | undefined {
  const [, name = ''] = file.split(path.posix.sep);
  const house = HOUSES[name];
  return house?.rooms.find((room) => new RegExp(pattern(name, room, house)).test(file));
}
