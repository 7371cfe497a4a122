/** The page of the audit in a real browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allowRead,
  deployment,
  iamRole,
  listed,
  policy,
  roleArn,
  secretArn,
  serviceAccount,
  trustIn,
} from '../audit/inputs.ts';
import { largeCluster } from '../audit/large.ts';
import { Chromium, findChromium, type Page } from '../browser/chromium.ts';
import { bundleCli, runCli } from './program.ts';

const missing = await findChromium();
if (missing !== undefined) console.log(`skipped: ${missing}`);

const DB = secretArn('prod/db-AbCdEf');
const OTHER = secretArn('prod/other-GhIjKl');
const EVIL = '</script><img src=x onerror=window.pwned=1>';

describe.skipIf(missing !== undefined)('in Chromium', () => {
  let cli: string;
  let folder: string;
  let browser: Chromium;
  beforeAll(async () => {
    cli = await bundleCli();
    folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-audit-page-'));
    browser = await Chromium.start();
  });
  afterAll(async () => {
    await browser?.stop();
    rmSync(folder, { recursive: true });
    rmSync(path.dirname(cli), { recursive: true });
  });

  interface Written {
    readonly objects: readonly object[];
    readonly roles: readonly object[];
    readonly secrets: readonly object[];
  }

  const reports = new Map<Written, string>();

  /** Runs the command, once for the same inputs, and opens its page. */
  async function open(written: Written): Promise<{ page: Page; url: string }> {
    const url = reports.get(written) ?? (await makeReport(written));
    reports.set(written, url);
    return { page: await browser.open(url), url };
  }

  /** @returns the URL of the page */
  async function makeReport({ objects, roles, secrets }: Written): Promise<string> {
    const write = (name: string, content: string) => {
      writeFileSync(path.join(folder, name), content);
      return path.join(folder, name);
    };
    const { code, stdout, stderr } = await runCli(cli, [
      ...['audit', '--format', 'html', '--fail-on', 'never'],
      ...['-f', write('all.yaml', objects.map((one) => JSON.stringify(one)).join('\n---\n'))],
      ...['--iam', write('iam.json', JSON.stringify({ RoleDetailList: roles }))],
      ...['--secrets', write('secrets.json', JSON.stringify({ SecretList: secrets }))],
      ...['--resource-policies', write('policies.json', '[]')],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    return pathToFileURL(write(`report-${reports.size}.html`, stdout)).href;
  }

  const SMALL: Written = {
    objects: [
      ...[deployment('web', [DB]), serviceAccount('web', roleArn('web'))],
      ...[deployment('api', [OTHER]), serviceAccount('api', roleArn('api'))],
    ],
    roles: [
      iamRole(roleArn('web'), policy(trustIn('web')), [], {
        RolePolicyList: [{ PolicyName: EVIL, PolicyDocument: policy({ ...allowRead('*'), Sid: EVIL }) }],
      }),
      iamRole(roleArn('api'), policy(trustIn('api')), [policy(allowRead(DB))]),
    ],
    secrets: [listed(DB), listed(OTHER)],
  };

  const heading = `document.querySelector('#selected').textContent`;
  const boxes = `[...document.querySelectorAll('#graph .node')].map((one) => one.getAttribute('aria-label'))`;

  it('loads nothing besides itself, and runs nothing of others', async () => {
    const { page, url } = await open(SMALL);
    expect(await page.evaluate(`document.querySelector('#findings').textContent`)).toContain(EVIL);
    await page.evaluate(`[...document.querySelectorAll('#nodes button')].forEach((one) => one.click())`);
    expect(await page.evaluate(`[window.pwned, document.querySelectorAll('img').length]`)).toEqual([null, 0]);
    expect(page.requests).toEqual([url]);
    expect(page.complaints).toEqual([]);
  });

  it('its policy stops scripts and requests that somebody adds', async () => {
    const { page } = await open(SMALL);
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'window.pwned = 1';
      const image = document.createElement('img');
      image.src = 'https://registry.example/x.png';
      document.body.append(script, image);
      new Promise((resolve) => { image.onerror = resolve; });
    }`);
    expect(await page.evaluate('window.pwned ?? null')).toBeNull();
    expect(page.complaints.join('\n')).toMatch(/Content Security Policy/);
  });

  it('works with the keyboard: find, choose, and follow the graph', async () => {
    const { page } = await open(SMALL);
    await page.evaluate(`document.querySelector('#find').focus()`);
    await page.type('deployment web');
    await page.press('Enter');
    expect(await page.evaluate(heading)).toBe('Workload: Deployment/shop/web');
    expect(await page.evaluate(`document.activeElement.id`)).toBe('selected');
    expect(await page.evaluate(boxes)).toEqual([
      'Workload Deployment/shop/web',
      'Service account shop/web',
      `Role ${roleArn('web')}`,
      `Statement web/${EVIL}: ${EVIL}`,
      `Secret ${DB}`,
      `Secret ${OTHER}`,
    ]);
    // Requested, and reachable beyond.
    expect(await page.evaluate(`[...document.querySelectorAll('#graph .requested')].length`)).toBe(1);
    expect(await page.evaluate(`document.querySelectorAll('#graph path.exceeds').length`)).toBe(1);
    for (let tabs = 0; tabs < 3; tabs += 1) await page.press('Tab');
    await page.press('Enter');
    expect(await page.evaluate(heading)).toBe(`Role: ${roleArn('web')}`);
    expect(await page.evaluate('decodeURIComponent(location.hash)')).toBe(`#${roleArn('web')}`);
    await page.evaluate(`document.querySelector('#find').focus()`);
    await page.press('ArrowDown');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Deployment/shop/web');
    await page.press('ArrowUp');
    expect(await page.evaluate('document.activeElement.id')).toBe('find');
  });

  it('a secret that a role may not read has a line of its own', async () => {
    const { page } = await open(SMALL);
    await page.evaluate(`document.querySelector('#find').focus()`);
    await page.type('deployment api');
    await page.press('Enter');
    expect(await page.evaluate(`document.querySelectorAll('#graph path.denied').length`)).toBe(1);
    expect(await page.evaluate(`document.querySelector('#connected').textContent`)).toContain(
      'requested, and not allowed',
    );
  });

  it('filters findings by level, code and words', async () => {
    const { page } = await open(SMALL);
    const count = `document.querySelector('#findings-count').textContent`;
    const change = (selector: string, property: string, value: string) =>
      page.evaluate(
        `{ const one = document.querySelector('${selector}'); one.${property} = ${value}; one.dispatchEvent(new Event('input')); }`,
      );
    const all = String(await page.evaluate(count));
    await change('input[value=error]', 'checked', 'false');
    expect(await page.evaluate(count)).not.toBe(all);
    expect(await page.evaluate(`document.querySelectorAll('#findings td.error').length`)).toBe(0);
    await change('input[value=error]', 'checked', 'true');
    await change('#codes', 'value', `'used-not-granted'`);
    expect(await page.evaluate(count)).toBe('1 of 1 findings');
    await change('#codes', 'value', `''`);
    await change('#filter', 'value', `'no such words'`);
    expect(await page.evaluate(count)).toBe('0 of 0 findings');
  });

  it.each(['light', 'dark'])('has readable colors in a %s scheme', async (value) => {
    const { page } = await open(SMALL);
    await page.call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    const ratios = await page.evaluate(`(() => {
      const style = getComputedStyle(document.documentElement);
      const canvas = document.createElement('canvas').getContext('2d');
      const light = (name) => {
        canvas.fillStyle = style.getPropertyValue(name);
        const parts = [1, 3, 5].map((at) => parseInt(canvas.fillStyle.slice(at, at + 2), 16) / 255);
        const [r, g, b] = parts.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const texts = ['--text', '--soft', '--link', '--error', '--warning', '--note', '--undecided'];
      return texts.flatMap((one) => ['--back', '--panel'].map((back) => ratio(light(one), light(back))));
    })()`);
    // WCAG 2.2, contrast (minimum).
    for (const ratio of ratios as number[]) expect(ratio).toBeGreaterThanOrEqual(4.5);
    const isDark = await page.evaluate(
      `getComputedStyle(document.body).backgroundColor === 'rgb(13, 17, 23)'`,
    );
    expect(isDark).toBe(value === 'dark');
  });

  it('2,000 workloads: the page never has more than a part of them', async () => {
    const { page } = await open(largeCluster(2000, 5000));
    const size = 'document.querySelectorAll("*").length';
    expect(await page.evaluate(`document.querySelector('#nodes-count').textContent`)).toMatch(
      /^100 of 1\d{4}$/,
    );
    expect(await page.evaluate(size)).toBeLessThan(8000);
    await page.evaluate(`document.querySelector('#find').focus()`);
    await page.type('team7/s7-');
    await page.press('Enter');
    expect(await page.evaluate(heading)).toMatch(/^Secret: /);
    // A secret that many roles can read.
    expect(await page.evaluate(`document.querySelectorAll('#graph .node').length`)).toBeGreaterThan(3);
    expect(await page.evaluate(size)).toBeLessThan(12_000);
    expect(page.complaints).toEqual([]);
  });
});
