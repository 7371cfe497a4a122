/** Chromium from Debian, driven over the DevTools protocol. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { installDebianPackage } from '../setup/debian-package.ts';

const PROGRAM = 'chromium';

/** @returns why there is no browser; undefined if there is one */
export async function findChromium(): Promise<string | undefined> {
  const isThere = () => spawnSync(PROGRAM, ['--version']).status === 0;
  if (isThere() || ((await installDebianPackage(PROGRAM)) && isThere())) return undefined;
  return 'the Debian package chromium is not installed, and installing it needs apt-get and root';
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

type Parameters = Readonly<Record<string, unknown>>;

export class Page {
  readonly #send: (method: string, parameters: Parameters) => Promise<Parameters>;
  /** What the browser reported: requests, exceptions, and messages of the console. */
  readonly requests: string[] = [];
  readonly complaints: string[] = [];

  constructor(send: (method: string, parameters: Parameters) => Promise<Parameters>) {
    this.#send = send;
  }

  call(method: string, parameters: Parameters = {}): Promise<Parameters> {
    return this.#send(method, parameters);
  }

  /** Evaluates an expression in the page. @returns its value as JSON */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value?: unknown }).value;
  }

  /** Waits until an expression is true. */
  async until(expression: string): Promise<void> {
    const loop = `(async () => { while (!(${expression})) await new Promise((r) => setTimeout(r, 10)); })()`;
    await this.evaluate(loop);
  }

  /** Presses a key: a character, or one of those below. */
  async press(key: string): Promise<void> {
    const known = KEYS[key];
    const down = known === undefined ? { type: 'char', text: key } : { type: 'keyDown', key, ...known };
    await this.call('Input.dispatchKeyEvent', down);
    if (known !== undefined) await this.call('Input.dispatchKeyEvent', { type: 'keyUp', key, ...known });
  }

  async type(text: string): Promise<void> {
    for (const key of text) await this.press(key);
  }

  /** @param event of the browser */
  note({ method, params = {} }: Message): void {
    if (method === 'Network.requestWillBeSent')
      this.requests.push((params['request'] as { readonly url: string }).url);
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
      this.complaints.push(JSON.stringify(params));
  }
}

const KEYS: Readonly<Record<string, Parameters>> = {
  Enter: { code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Tab: { code: 'Tab', windowsVirtualKeyCode: 9 },
  ArrowDown: { code: 'ArrowDown', windowsVirtualKeyCode: 40 },
  ArrowUp: { code: 'ArrowUp', windowsVirtualKeyCode: 38 },
};

export class Chromium {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #pages = new Map<string, Page>();
  #last = 0;

  private constructor(child: ChildProcess, folder: string, socket: WebSocket) {
    this.#child = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id === undefined) this.#pages.get(message.sessionId ?? '')?.note(message);
      else this.#waiting.get(message.id)?.(message);
    });
  }

  static async start(): Promise<Chromium> {
    const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-chromium-'));
    const flags = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-extensions',
    ];
    const child = spawn(
      PROGRAM,
      [...flags, '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const url = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error('Chromium ended')));
      createInterface({ input: child.stderr }).on('line', (line) => {
        const [, found] = /^DevTools listening on (ws:\S+)/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    return new Chromium(child, folder, socket);
  }

  #send(method: string, params: Parameters, sessionId?: string): Promise<Parameters> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        this.#waiting.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  /** Opens a page in a window of its own. */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page((method, parameters) => this.#send(method, parameters, String(sessionId)));
    this.#pages.set(String(sessionId), page);
    for (const domain of ['Network', 'Runtime', 'Log', 'Page']) await page.call(`${domain}.enable`);
    await page.call('Page.navigate', { url });
    await page.until(`document.body?.dataset.ready === 'true'`);
    return page;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#socket.close();
    this.#child.kill('SIGKILL');
    await ended;
    // Its other processes may still write for a moment.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
