/** A kubectl whose proxy leads to an API server that only tells its version. */
import { writeFileSync } from 'node:fs';

/** Writes the program. @param otherwise a JavaScript statement for every command but `proxy` */
export function writeKubectl(file: string, otherwise = 'process.exit(1)'): void {
  const lines = [
    `#!${process.execPath}`,
    `const socket = process.argv.find((one) => one.startsWith('--unix-socket='))?.slice(14);`,
    `if (socket === undefined) ${otherwise};`,
    `else require('node:http').createServer(({ url }, response) => {`,
    `  if (url === '/version') response.end(JSON.stringify({ gitVersion: 'v1.35.4' }));`,
    `  else response.writeHead(403).end('{}');`,
    `}).listen(socket, () => console.log('Starting to serve on ' + socket));`,
  ];
  writeFileSync(file, lines.join('\n'), { mode: 0o755 });
}
