/** Answers to requests that are not reviews: a status and a fixed text, which quotes nothing. */
import type { FastifyReply, FastifyRequest } from 'fastify';

const TEXTS: Readonly<Record<number, string>> = {
  400: 'the body is not an AdmissionReview with a uid',
  403: 'a client certificate is required',
  404: 'not found',
  405: 'method not allowed',
  408: 'the request was not complete in time',
  411: 'the length of the body is required',
  413: 'the body is too large',
  415: 'the body must be application/json',
  417: 'the expectation is not supported',
  431: 'the headers are too large',
  503: 'too many requests in progress',
};

/** The status for an error: client errors of the HTTP layer keep their status, any other error is 500. */
export function refusalStatus(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

/** Answers with a refusal. */
export function refuse(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).header('content-type', 'application/json').send(refusalText(status));
}

/** The body of a refusal. */
export function refusalText(status: number): string {
  return JSON.stringify({ error: TEXTS[status] ?? (status === 500 ? 'internal error' : 'bad request') });
}

/**
 * Refuses a request without a route before its body is read: 405 if only the method is wrong, otherwise 404.
 * @param paths all paths, each with its method
 */
export function refuseUnrouted(
  request: FastifyRequest,
  reply: FastifyReply,
  paths: Readonly<Record<string, string>>,
): number {
  const path = request.url.split('?', 1)[0] ?? '';
  const method = Object.hasOwn(paths, path) ? paths[path] : undefined;
  if (method === undefined) {
    refuse(reply, 404);
    return 404;
  }
  refuse(reply.header('allow', method), 405);
  return 405;
}
