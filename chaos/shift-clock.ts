/**
 * Sets the clock of this process wrong by so many milliseconds, for everybody in it who asks `Date`; the machine keeps its own.
 * Timers and `performance` go on as before. Returns what sets it right.
 */
export function shiftClock(by: number): () => void {
  const right = globalThis.Date;
  const now = (): number => right.now() + by;
  const wrong = new Proxy(right, {
    construct: (target, args: unknown[], asked) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, asked) as object,
    apply: () => new right(now()).toString(),
    get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
  const put = (date: DateConstructor): void => {
    globalThis.Date = date;
    right.prototype.constructor = date;
  };
  put(wrong);
  return () => {
    put(right);
  };
}
