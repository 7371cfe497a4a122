/** The part of aws4 that the stand-in uses; the package ships no types. */
declare module 'aws4' {
  interface SignableRequest {
    method: string;
    path: string;
    headers: Record<string, string>;
    body: Buffer;
    service: string;
    region: string;
    doNotModifyHeaders: true;
    extraHeadersToInclude: Record<string, boolean>;
  }
  interface Credentials {
    accessKeyId: string;
    secretAccessKey: string;
  }
  class RequestSigner {
    constructor(request: SignableRequest, credentials: Credentials);
    /** Preset to sign with the time of a request that exists already. */
    datetime: string;
    signature(): string;
  }
  interface UnsignedRequest {
    method: string;
    path: string;
    host: string;
    headers: Record<string, string>;
    body: string;
    service: string;
    region: string;
  }
  const aws4: {
    RequestSigner: typeof RequestSigner;
    sign(
      request: UnsignedRequest,
      credentials: Credentials & { sessionToken?: string },
    ): { headers: Record<string, string | number> };
  };
  export default aws4;
}
