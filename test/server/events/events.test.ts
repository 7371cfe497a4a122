/** Events about rejections by the operator's policy, up to the requests that the API server receives. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { InjectionSettings } from '../../../src/core/settings.ts';
import { makeClusterApi } from '../../../src/kubernetes/api-client.ts';
import type { EventTimes } from '../../../src/webhook/events/denial-events.ts';
import { plainGet, postReview } from '../client.ts';
import { startApiServer } from '../native/api-server.ts';
import { ARN, type PodJson, podAsking, responseOf, reviewOf } from '../reviews.ts';
import { eventually, type Running, runWebhookHere } from '../running.ts';

const INJECTION: InjectionSettings = {
  image: 'registry.example/injector:1',
  requireCompleteArns: true,
  allowedRoles: [{ namespace: 'other', role: '*' }],
};
const ROLE = 'arn:aws:iam::111122223333:role/shop';
const DENIED = podAsking({ 'file.db': ARN, 'role-arn': ROLE });
const OWNER = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'web-7d4b9',
  uid: '8d7d0a3e-27a7-4f0e-9d2c-3c3f1b6c9c11',
  controller: true,
};

interface Written {
  readonly path: string;
  readonly event: Readonly<Record<string, unknown>> & {
    readonly note: string;
    readonly metadata: { readonly name: string };
    readonly series?: { readonly count: number };
  };
}

interface Setup {
  readonly webhook: Running;
  readonly written: readonly Written[];
  /** The answer of the API server from now on. */
  answer(status: number): void;
  deny(pod?: PodJson, uid?: string): Promise<void>;
}

async function setUp(times: Partial<EventTimes> = {}, injection = INJECTION): Promise<Setup> {
  const api = await startApiServer();
  const written: Written[] = [];
  let status = 201;
  api.trouble = (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'PATCH') return false;
    void json(request).then((event) => {
      written.push({ path: request.url ?? '', event: event as Written['event'] });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
    return true;
  };
  const webhook = await runWebhookHere({
    injection,
    events: { api: makeClusterApi(api.place), times },
  });
  return {
    webhook,
    written,
    answer: (next) => {
      status = next;
    },
    deny: async (pod = DENIED, uid = 'uid-1') => {
      const { text } = await postReview(webhook.listenPort, reviewOf(pod, uid));
      expect(responseOf(text).allowed).toBe(false);
    },
  };
}

async function countOf({ webhook }: Setup, result: string): Promise<number> {
  const { text } = await plainGet(webhook.metricsPort, '/metrics');
  return Number(new RegExp(`events_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1]);
}

function ownedBy(owner: object, annotations?: Readonly<Record<string, string>>): PodJson {
  const pod = annotations === undefined ? DENIED : podAsking(annotations);
  return { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
}

describe('an Event', () => {
  it('is about the controller of the pod, with the code and the text of the answer', async () => {
    const { written, deny } = await setUp();
    await deny(ownedBy(OWNER));
    const [first] = await eventually(
      () => written,
      (all) => all.length > 0,
    );
    const { controller: _controller, ...regarding } = OWNER;
    expect(first?.event).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^aws-secrets-injector\.[0-9a-f]{16}$/), namespace: 'shop' },
      type: 'Warning',
      action: 'Inject',
      reportingController: 'secrets-injector.dev/webhook',
      reportingInstance: expect.stringMatching(/./),
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      regarding: { ...regarding, namespace: 'shop' },
      reason: 'ROLE_NOT_ALLOWED',
      note: expect.stringMatching(/^ROLE_NOT_ALLOWED secrets-injector\.dev\/role-arn: .*role\/shop/),
    });
    const name = first?.event.metadata.name;
    expect(first?.path).toBe(
      `/apis/events.k8s.io/v1/namespaces/shop/events/${name}?fieldManager=aws-secrets-injector&force=true`,
    );
  });

  it.each<[what: string, metadata: object, regarding: object]>([
    ['without a controller', { name: 'one' }, { name: 'one' }],
    ['without a name', {}, {}],
    [
      'with an owner that is no controller',
      { name: 'one', ownerReferences: [{ ...OWNER, controller: false }] },
      { name: 'one' },
    ],
    [
      'with an owner of another form',
      { name: 'one', ownerReferences: [{ ...OWNER, name: '../x' }] },
      { name: 'one' },
    ],
    [
      'with a kind of another form',
      { name: 'one', ownerReferences: [{ ...OWNER, kind: 'a b' }] },
      { name: 'one' },
    ],
    ['with owners of another form', { name: 'one', ownerReferences: 'x' }, { name: 'one' }],
  ])('is about a pod %s', async (_what, metadata, regarding) => {
    const { written, deny } = await setUp();
    const { generateName: _generated, ...others } = DENIED.metadata ?? {};
    await deny({ ...DENIED, metadata: { ...others, ...metadata } });
    const [first] = await eventually(
      () => written,
      (all) => all.length > 0,
    );
    expect(first?.event['regarding']).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      ...regarding,
    });
  });

  it('contains only what rules of the operator reject, within its limit', async () => {
    const { written, deny } = await setUp();
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`file.f${index}`, `${ARN.replace('-AbCdEf', '')}é${index}`]),
    );
    await deny(podAsking({ ...many, 'role-arn': ROLE, unknown: 'x' }));
    const [first] = await eventually(
      () => written,
      (all) => all.length > 0,
    );
    const note = first?.event.note ?? '';
    expect(note).not.toContain('ANNOTATION_UNKNOWN');
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note).not.toContain('\uFFFD');
  });
});

describe('no Event', () => {
  it.each<[what: string, text: string]>([
    ['for a mistake of the user', reviewOf(podAsking({ 'file.db': 'x' }))],
    ['for an injected pod', reviewOf(podAsking())],
    ['for a dry run', reviewOf(DENIED).replace('"operation"', '"dryRun":true,"operation"')],
    ['for a namespace of another form', reviewOf(DENIED).replace('"shop"', '"../../default"')],
  ])('%s', async (_what, review) => {
    const setup = await setUp();
    const { webhook, written, deny } = setup;
    await postReview(webhook.listenPort, review);
    // Of another object, so that it is another Event.
    await deny(ownedBy(OWNER));
    await eventually(
      () => written,
      (all) => all.length > 0,
    );
    expect(written.map(({ event }) => event['regarding'])).toMatchObject([{ kind: 'ReplicaSet' }]);
    expect(await countOf(setup, 'written')).toBe(1);
  });

  it('without the setting', async () => {
    const api = await startApiServer();
    const webhook = await runWebhookHere({ injection: INJECTION });
    await postReview(webhook.listenPort, reviewOf(DENIED));
    expect(api.requests).toEqual([]);
  });
});

describe('repetitions', () => {
  it('increase the count of one Event', async () => {
    const { written, deny } = await setUp({ updateMilliseconds: 50 });
    for (let pod = 0; pod < 100; pod += 1) await deny(ownedBy(OWNER), `uid-${pod}`);
    await eventually(
      () => written.at(-1)?.event.series?.count,
      (count) => count === 100,
    );
    expect(new Set(written.map(({ path }) => path)).size).toBe(1);
    expect(written[0]?.event.series).toBeUndefined();
    expect(written.at(-1)?.event).toMatchObject({
      series: { lastObservedTime: expect.stringMatching(/\.\d{6}Z$/) },
      eventTime: written[0]?.event['eventTime'],
      note: written[0]?.event.note,
    });
    expect(written.length).toBeLessThan(50);
  });

  it('after a while are a new Event', async () => {
    const { written, deny } = await setUp({ forgetMilliseconds: 1 });
    await deny();
    await eventually(
      () => written,
      (all) => all.length === 1,
    );
    await deny();
    await eventually(
      () => written,
      (all) => all.length === 2,
    );
    expect(new Set(written.map(({ path }) => path)).size).toBe(2);
  });
});

describe('limits', () => {
  it('after some requests at once, the others wait, and more than the list can have are dropped', async () => {
    const setup = await setUp({ requestMilliseconds: 3_600_000 });
    const { written, deny } = setup;
    const denyNew = async (from: number, to: number): Promise<void> => {
      for (let pod = from; pod < to; pod += 1) await deny(ownedBy({ ...OWNER, name: `web-${pod}` }));
    };
    await denyNew(0, 30);
    await eventually(
      () => countOf(setup, 'written'),
      (count) => count === 20,
    );
    // Those that were written make room for others.
    await denyNew(30, 300);
    expect(await countOf(setup, 'dropped')).toBe(300 - 20 - 256);
    expect(written.length).toBe(20);
  });

  it('without the permission, one line in the log and no further request for a while', async () => {
    const setup = await setUp({ pauseMilliseconds: 3_600_000 });
    const { webhook, written, answer, deny } = setup;
    answer(403);
    for (let pod = 0; pod < 30; pod += 1) await deny(ownedBy({ ...OWNER, name: `web-${pod}` }), `uid-${pod}`);
    await eventually(
      () => countOf(setup, 'failed'),
      (count) => count > 0,
    );
    await deny();
    expect(written.length).toBe(1);
    expect(webhook.log.filter(({ message }) => message.includes('Events'))).toEqual([
      {
        message: 'Events cannot be written',
        problem: expect.stringContaining('manifests/components/events'),
      },
    ]);
    expect((await plainGet(webhook.probePort, '/readyz')).status).toBe(200);
  });

  it('in a namespace that does not exist, it does not delay those of others', async () => {
    const { written, answer, deny } = await setUp({ pauseMilliseconds: 3_600_000 });
    answer(404);
    await deny(ownedBy({ ...OWNER, name: 'made-up' }));
    await eventually(
      () => written,
      (all) => all.length === 1,
    );
    answer(201);
    await deny(ownedBy({ ...OWNER, name: 'web' }));
    await eventually(
      () => written,
      (all) => all.length === 2,
    );
  });

  it('a failure is reported again only after a success', async () => {
    const { webhook, written, answer, deny } = await setUp({ pauseMilliseconds: 1 });
    for (const [round, status] of [500, 500, 201, 500].entries()) {
      answer(status);
      await deny(ownedBy({ ...OWNER, name: `web-${round}` }));
      await eventually(
        () => written,
        (all) => all.length > round,
      );
    }
    await eventually(
      () => webhook.log.filter(({ message }) => message.includes('Events')).length,
      (lines) => lines === 2,
    );
  });
});
