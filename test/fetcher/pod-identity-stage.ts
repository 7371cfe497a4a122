/** A stage whose pod has EKS Pod Identity, with a fake of the agent behind TLS. */
import { writeFileSync } from 'node:fs';
import {
  makeCertificate,
  POD_IDENTITY_AUDIENCE,
  type PodIdentityAgent,
  startPodIdentityAgent,
} from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from './aws-stage.ts';
import { ROLE_ARN, SUBJECT, type Variables } from './stage.ts';
import { startTlsFront } from './tls-front.ts';

export const AGENT_TOKEN_FILE = '/var/run/eks-pod-identity-token';

export interface PodIdentityStage extends AwsStage {
  readonly agent: PodIdentityAgent;
  /** The variables of EKS Pod Identity, without those of IRSA. */
  readonly variables: Variables;
  /** Writes the token that the agent gets. */
  writeAgentToken(token: string): void;
}

export async function makePodIdentityStage(): Promise<PodIdentityStage> {
  const material = await makeCertificate();
  const aws = await makeAwsStage({ tls: material });
  const agent = await startPodIdentityAgent({ aws: aws.standIn });
  agent.associate({ ...SUBJECT, roleArn: ROLE_ARN });
  const front = await startTlsFront(material, () => agent.port);
  const writeAgentToken = (token: string) => writeFileSync(aws.stage.inRoot(AGENT_TOKEN_FILE), token);
  const reset = async () => {
    await aws.reset();
    agent.reset();
    await agent.listen();
    writeAgentToken(await aws.standIn.issueToken({ ...SUBJECT, audience: POD_IDENTITY_AUDIENCE }));
  };
  await reset();
  return {
    ...aws,
    agent,
    variables: {
      AWS_ROLE_ARN: undefined,
      AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `https://127.0.0.1:${front.port}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: AGENT_TOKEN_FILE,
      SECRETS_INJECTOR_SERVICE_ACCOUNT: `${SUBJECT.namespace}/${SUBJECT.serviceAccount}`,
    },
    writeAgentToken,
    reset,
    stop: async () => {
      await front.stop();
      await agent.stop();
      await aws.stop();
    },
  };
}
