/** Entry of the bundle: runs at once as the init container does, or is called by the CLI. */
import { runFetch } from './main.ts';

export { runFetch };

if (require.main === module) {
  // Exits explicitly: idle connections would keep the process for a while.
  runFetch(process.argv.slice(2), process.env, __dirname).then((code) => process.exit(code));
}
