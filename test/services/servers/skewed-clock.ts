/**
 * The environment of a Node process whose clock is wrong. (The SDK's own `systemClockOffset` is not a wrong clock: it is
 * what the SDK believes about it.)
 * @param offsetMs positive when it is fast.
 */
export function skewedClock(offsetMs: number): { readonly NODE_OPTIONS: string } {
  const module = `
    const Right = Date;
    globalThis.Date = class Date extends Right {
      constructor(...args) {
        super(...(args.length === 0 ? [Right.now() + ${offsetMs}] : args));
      }
      static now() {
        return Right.now() + ${offsetMs};
      }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}
