/** Entry of the bundle: runs at once as the init container does, or is called by the CLI. */
import { endInternally, runFetch } from './main.ts';

export { runFetch };

if (require.main === module) {
  // An error that nobody caught would be printed with its message, and that may quote a value.
  process.on('uncaughtException', () => process.exit(endInternally(process.argv.slice(2), process.env)));
  // Exits explicitly: idle connections would keep the process for a while.
  runFetch(process.argv.slice(2), process.env, __dirname).then((code) => process.exit(code));
}
