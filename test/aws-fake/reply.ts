import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { AwsError } from './aws-error.ts';
import type { Service } from './operations.ts';

/** An HTTP response before it is sent, so that a fault can truncate or replace it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly errorCode?: string;
}

/** A JSON response of Secrets Manager. */
export function jsonReply(status: number, content: unknown): Reply {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: Buffer.from(JSON.stringify(content)),
  };
}

/** A JSON response of SQS, which uses another version of the protocol. */
export function sqsReply(status: number, content: unknown): Reply {
  const reply = jsonReply(status, content);
  return { ...reply, headers: { ...reply.headers, 'content-type': 'application/x-amz-json-1.0' } };
}

/** An XML response of STS. @param content returns the body for the request id that it must contain */
export function xmlReply(status: number, content: (requestId: string) => string): Reply {
  const requestId = randomUUID();
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: Buffer.from(content(requestId)),
  };
}

/** The error response of a service. */
export function errorReply(service: Service, error: AwsError): Reply {
  const { code, message, status } = error;
  if (service === 'secretsmanager') {
    // The service spells the key `Message`, its signature check `message`.
    const key = IN_FRONT.has(code) ? 'message' : 'Message';
    return { ...jsonReply(status, { __type: code, [key]: message }), errorCode: code };
  }
  const type = status < 500 ? 'Sender' : 'Receiver';
  if (service === 'sqs') {
    const reply = sqsReply(status, { __type: `com.amazonaws.sqs#${code}`, message });
    // Clients that know the codes of the older query protocol read this header.
    const header = { 'x-amzn-query-error': `${QUERY_CODES[code] ?? code};${type}` };
    return { ...reply, headers: { ...reply.headers, ...header }, errorCode: code };
  }
  const reply = xmlReply(
    status,
    (requestId) => `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>${type}</Type>
    <Code>${escapeXml(code)}</Code>
    <Message>${escapeXml(message)}</Message>
  </Error>
  <RequestId>${requestId}</RequestId>
</ErrorResponse>
`,
  );
  return { ...reply, errorCode: code };
}

const QUERY_PREFIX = 'AWS.SimpleQueueService.';
// Where it differs from the name of the error in the API model.
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: `${QUERY_PREFIX}NonExistentQueue`,
  MessageNotInflight: `${QUERY_PREFIX}MessageNotInflight`,
  EmptyBatchRequest: `${QUERY_PREFIX}EmptyBatchRequest`,
  TooManyEntriesInBatchRequest: `${QUERY_PREFIX}TooManyEntriesInBatchRequest`,
  BatchEntryIdsNotDistinct: `${QUERY_PREFIX}BatchEntryIdsNotDistinct`,
};

const IN_FRONT = new Set([
  'InvalidSignatureException',
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'ValidationException',
  'ThrottlingException',
]);

/** Escapes text for an XML element. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The whole response as bytes on the wire. Faults count bytes from the status line. */
export function wireBytes(reply: Reply): Buffer {
  const head = [
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}`,
    ...Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${reply.body.length}`,
    `date: ${new Date().toUTCString()}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), reply.body]);
}
