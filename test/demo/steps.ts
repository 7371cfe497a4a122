/** The demo's voice: numbered steps, progress for the slow ones, and which step failed. */

export class StepFailed extends Error {}

export interface Steps {
  /** Runs one step: prints its title first, so that a slow one shows what is going on. */
  run<T>(title: string, work: () => Promise<T> | T): Promise<T>;
  /** Lines below the current step. */
  show(text: string): void;
}

export function makeSteps(write: (text: string) => void): Steps {
  let count = 0;
  return {
    async run(title, work) {
      count += 1;
      write(`\n${count}. ${title}\n`);
      try {
        return await work();
      } catch (error) {
        if (error instanceof StepFailed) throw error;
        throw new StepFailed(
          `step ${count} (${title}) failed: ${error instanceof Error ? error.message : 'unknown'}`,
        );
      }
    },
    show: (text) => write(text.replace(/^(?=.)/gm, '   ').replace(/\n?$/, '\n')),
  };
}
