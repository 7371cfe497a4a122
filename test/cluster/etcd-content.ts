interface RangeAnswer {
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
  readonly more?: boolean;
}

/** Reads every key and value through etcd's JSON gateway, where bytes are in base64. @throws Error */
export async function allContent(etcdUrl: string): Promise<Buffer> {
  const zero = Buffer.of(0).toString('base64');
  const response = await fetch(`${etcdUrl}/v3/kv/range`, {
    method: 'POST',
    // A key and a range end of one zero byte each select all keys in etcd.
    body: JSON.stringify({ key: zero, range_end: zero }),
  });
  if (!response.ok) throw new Error(`etcd answered ${response.status}`);
  const { kvs = [] } = (await response.json()) as RangeAnswer;
  return Buffer.concat(
    kvs.flatMap(({ key, value = '' }) => [Buffer.from(key, 'base64'), Buffer.from(value, 'base64')]),
  );
}
