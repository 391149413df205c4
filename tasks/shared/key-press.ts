let claimed = false;

/**
 * When the person pressed the key: the start of this process for the first task that it runs, and
 * now for tasks that run from code later on. Milliseconds since 1970.
 */
export function keyPress(): number {
  if (claimed) {
    return Date.now();
  }
  claimed = true;
  return Math.round(performance.timeOrigin);
}
