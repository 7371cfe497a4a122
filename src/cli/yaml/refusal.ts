/** Text that kubectl refuses, or that `render` cannot read as kubectl does. Only this folder throws and catches it. */

export class Refusal extends Error {
  readonly offset: number;

  /** @param wrong what is wrong, without text of the file */
  constructor(offset: number, wrong: string) {
    super(wrong);
    this.offset = offset;
  }
}
