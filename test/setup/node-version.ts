/** Fails the run early on a Node older than package.json's `engines`: old ones pass tests for the wrong reason. */
export function setup(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 12)) {
    throw new Error(
      `tests need Node 22.12 or newer, this is ${process.versions.node}: use ./scripts/test, which brings its own`,
    );
  }
}
