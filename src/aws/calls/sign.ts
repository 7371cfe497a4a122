/** Signs requests with the signer of the AWS SDK. Part of the SDK's bundle. */
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SignRequest } from './secret-reader.ts';

/** Signs a POST request to a service of AWS with Signature Version 4. */
export const signRequest: SignRequest = async ({ endpoint, service, region, credentials, date }, request) => {
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      path: request.path,
      headers: { ...request.headers, host: endpoint.host },
      body: request.body,
    },
    { signingDate: date },
  );
  return { ...request, headers };
};
