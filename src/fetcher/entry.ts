/** Entry of the bundle: runs at once as the init container, or is called by the command line. */
import { endInternally, runFetch } from './main.ts';
import { leave } from './process/leave.ts';

export { runFetch };

if (require.main === module) {
  // Node would print an uncaught error with its message, which may quote a value.
  process.on('uncaughtException', () => leave(endInternally(process.argv.slice(2), process.env)));
  // Exits explicitly, because idle connections would keep the process alive.
  runFetch(process.argv.slice(2), process.env, __dirname).then(leave);
}
