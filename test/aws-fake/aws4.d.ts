/** The part of aws4 that the fake uses. The package has no types. */
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
    /** The time of the signature. Set it to verify the signature of an existing request. */
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
