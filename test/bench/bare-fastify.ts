/** What the webhook is measured against: Fastify over HTTPS that parses the same review and answers a fixed text. */
import { readFileSync } from 'node:fs';
import { fastify } from 'fastify';

const [certFile = '', keyFile = '', answerFile = ''] = process.argv.slice(2);
const answer = readFileSync(answerFile, 'utf8');
const app = fastify({
  https: { cert: readFileSync(certFile), key: readFileSync(keyFile) },
  bodyLimit: 8 * 1024 * 1024,
  keepAliveTimeout: 120_000,
});
app.post('/mutate', (_request, reply) => reply.header('content-type', 'application/json').send(answer));
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`);
