/** Trees for a terminal. */

export interface Branch {
  readonly text: string;
  readonly branches?: readonly Branch[];
}

/** @returns a line for the root and for each branch, with a final line feed */
export function formatTree({ text, branches }: Branch): string {
  return `${[text, ...linesOf(branches)].join('\n')}\n`;
}

function linesOf(branches: readonly Branch[] = []): readonly string[] {
  return branches.flatMap((branch, index) => {
    const isLast = index === branches.length - 1;
    const below = linesOf(branch.branches).map((line) => `${isLast ? '    ' : '│   '}${line}`);
    return [`${isLast ? '└── ' : '├── '}${branch.text}`, ...below];
  });
}
