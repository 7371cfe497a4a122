import { BUSYBOX_IMAGE } from './images.ts';

/** @param last command of both containers, after they print their names @returns a manifest of the pod `two` */
export function twoContainers(last: string): string {
  const container = (name: string): object => ({
    name,
    image: BUSYBOX_IMAGE,
    imagePullPolicy: 'Never',
    command: ['sh', '-c', `echo ${name} speaks; ${last}`],
  });
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'two' },
    spec: { restartPolicy: 'Never', containers: [container('first'), container('second')] },
  });
}
