/** Whether the agent of EKS Pod Identity runs on every node. */
import { field, integerField } from '../../../core/json.ts';
import { type Check, count, finding, okay, unanswered } from '../check.ts';
import { object } from '../facts.ts';
import { AGENT_PATH } from './service-accounts.ts';

export const podIdentity: Check = {
  name: 'pod-identity-agent',
  about: 'The DaemonSet of the EKS Pod Identity agent.',
  async run({ api }, signal) {
    const answer = await api.ask(object(AGENT_PATH), signal);
    if (answer.kind === 'refused' && answer.status === 404)
      return [
        finding(
          'skipped',
          'not installed; only EKS Pod Identity needs it, and EKS Auto Mode has it built in',
        ),
      ];
    if (answer.kind !== 'answer') return [unanswered(answer, 'get daemonsets -n kube-system')];
    const status = field(answer.json, 'status');
    const wanted = integerField(status, 'desiredNumberScheduled') ?? 0;
    const ready = integerField(status, 'numberReady') ?? 0;
    return [
      ready < wanted
        ? finding(
            'warn',
            `the agent is ready on ${ready} of ${count(wanted, 'node')}: on the others, pods cannot sign in`,
            'kubectl -n kube-system get pods -l app.kubernetes.io/name=eks-pod-identity-agent -o wide',
          )
        : okay(`the agent is ready on ${count(wanted, 'node')}`),
    ];
  },
};
