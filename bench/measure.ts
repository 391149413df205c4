/** What one run has shown, by what was measured. Milliseconds, or a count. */
export type Sample = Readonly<Record<string, number>>;

/** The middle value, and the ends. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}

/** Something that is compared. */
export interface Contender {
  readonly name: string;
  /** One run, from the start of its process to its end. */
  readonly run: () => Promise<Sample>;
}

/**
 * Runs all contenders in turn, so that whatever else the machine does falls on each of them alike.
 * @returns the samples of each, by name. A first round that fills the disk cache is left out.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const index of contenders.keys()) {
      // Another one goes first each time: the first of a round may find the processor colder.
      const contender = contenders[(index + round) % contenders.length];
      if (contender === undefined) {
        continue;
      }
      const sample = await contender.run();
      if (round > 0) {
        samples.get(contender.name)?.push(sample);
      }
    }
  }
  return samples;
}

/** What was measured, summed up. */
export function summarise(samples: readonly Sample[]): ReadonlyMap<string, Summary> {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  return new Map(
    [...names].map((name) => [
      name,
      summaryOf(samples.map((sample) => sample[name]).filter((value) => value !== undefined)),
    ]),
  );
}

function summaryOf(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: tenths((at(Math.floor(middle)) + at(Math.ceil(middle))) / 2),
    least: tenths(at(0)),
    most: tenths(at(sorted.length - 1)),
    runs: sorted.length,
  };
}

/** More digits would only look exact. */
function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Rows in columns: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("   "),
    )
    .join("\n");
}
