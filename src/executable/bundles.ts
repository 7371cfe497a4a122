/**
 * Loads the programs' bundles, each compiled once, with the V8 code cache that the build made of it. A cache of another
 * Node.js or with other flags is ignored, and the bundle is compiled as usual.
 */
import vm from 'node:vm';

/** Where bundles come from: the executable's assets, or files while the build makes the caches. */
export interface BundleFiles {
  /**
   * The text of a bundle, `wrapped`. ASCII, which V8 keeps in one byte per character.
   * @returns undefined if there is no such bundle
   */
  source(name: string): Buffer | undefined;
  cache(name: string): Buffer | undefined;
}

export type Exports = Readonly<Record<string, unknown>>;

export class Bundles {
  readonly #files: BundleFiles;
  readonly #builtin: (id: string) => unknown;
  readonly #loaded = new Map<string, Exports>();
  readonly #scripts = new Map<string, vm.Script>();

  /** @param builtin loads a module of Node.js */
  constructor(files: BundleFiles, builtin: (id: string) => unknown) {
    this.#files = files;
    this.#builtin = builtin;
  }

  /** The bundles that were compiled so far, by name. */
  get scripts(): ReadonlyMap<string, vm.Script> {
    return this.#scripts;
  }

  /** @throws Error with the code MODULE_NOT_FOUND */
  load(name: string): Exports {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const run = this.compile(name).runInThisContext() as (...args: unknown[]) => void;
    const module = { exports: {} as Exports };
    run(module.exports, this.#require, module, fileNameOf(name), '/app');
    this.#loaded.set(name, module.exports);
    return module.exports;
  }

  /** Compiles a bundle without running it. @throws Error with the code MODULE_NOT_FOUND */
  compile(name: string): vm.Script {
    const source = this.#files.source(name);
    if (source === undefined)
      throw Object.assign(new Error(`there is no bundle ${name}`), { code: 'MODULE_NOT_FOUND' });
    const cachedData = this.#files.cache(name);
    const script = new vm.Script(source.toString('latin1'), {
      filename: fileNameOf(name),
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    this.#scripts.set(name, script);
    return script;
  }

  /** The `require` of bundles: other bundles by the name of their file, everything else from Node.js. */
  readonly #require = (id: string): unknown => {
    const [, name] = /([\w-]+)\.cjs$/.exec(id) ?? [];
    return name === undefined ? this.#builtin(id) : this.load(name);
  };
}

/** The text of a bundle as a function. The build does this, because it would copy the text at each start. */
export function wrapped(bundle: Buffer): Buffer {
  const head = '(function (exports, require, module, __filename, __dirname) {';
  return Buffer.concat([Buffer.from(head), bundle, Buffer.from('\n})')]);
}

function fileNameOf(name: string): string {
  return `/app/${name}.cjs`;
}
