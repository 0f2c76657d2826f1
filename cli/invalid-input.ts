/** What the user asked for cannot be asked for: exit code 2. The message says what is wrong and what to do instead. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  /** Further fields of the error object that `--json` prints, such as a list of problems. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.details = details;
  }
}
