/** A function that is only run the first time; later calls get the same promise. */
export function once<T, Arguments extends readonly unknown[]>(
  make: (...args: Arguments) => Promise<T>,
): (...args: Arguments) => Promise<T> {
  let made: Promise<T> | undefined;
  return async (...args) => await (made ??= make(...args));
}
