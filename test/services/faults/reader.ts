/** Gets a file of a site as a browser does; undefined when it is not there. */
export type Get = (path: string) => Promise<string | undefined>;

/** What readers have seen. */
export interface Seen {
  /** Pages that were loaded with all that they name, and the configuration. */
  readonly loads: () => number;
  /** Chunks that pages asked for when they had long been open. */
  readonly laterRequests: () => number;
  /** What was missing, or was something else. */
  readonly broken: readonly string[];
  stop(): Promise<void>;
}

/** Pages that stay open at the same time. */
const OPEN = 40;

/**
 * Loads a page again and again, without a pause: the page, then at the same time all that it names, then the
 * configuration. After each load another page that is still open asks for one of its chunks.
 * @param readers so many at the same time.
 */
export function startReaders(get: Get, readers: number): Seen {
  let loads = 0;
  let later = 0;
  let isOver = false;
  let open: { readonly title: string; readonly chunks: readonly string[] }[] = [];
  const broken: string[] = [];

  async function load(): Promise<void> {
    const page = (await get("index.html")) ?? "";
    const title = /<title>(\d+)</.exec(page)?.[1] ?? "none";
    const named = [...page.matchAll(/(?:src|href)="\/(.*?)"/g)].map(([, path]) => path ?? "");
    const files = await Promise.all(named.map(async (path) => [path, await get(path)] as const));
    const config = await get("config.json");
    const missing = files.filter(([, text]) => text === undefined || text.startsWith("<"));
    if (named.length !== 5 || missing.length > 0) {
      broken.push(`page ${title} of ${named.length}: ${missing.map(([path]) => path).join()}`);
    }
    if (!/^\{"version":\d+\}$/.test(config ?? "")) {
      broken.push(`configuration: ${config ?? "none"}`);
    }
    const main = files.find(([path]) => /main.*js$/.test(path))?.[1] ?? "";
    const chunks = [...main.matchAll(/"\.\/(lazy.*?)"/g)].map(([, path]) => `assets/${path ?? ""}`);
    open = [...open.slice(-OPEN), { title, chunks }];
    loads++;
  }

  async function use(turn: number): Promise<void> {
    const page = open[turn % Math.max(1, open.length)];
    const path = page?.chunks[turn % page.chunks.length];
    if (page === undefined || path === undefined) {
      return;
    }
    const text = await get(path);
    if (text?.startsWith("export const lazy=") !== true) {
      broken.push(`page ${page.title}, open for long: ${path}`);
    }
    later++;
  }

  const all = Array.from({ length: readers }, async (_, reader) => {
    for (let turn = reader; !isOver; turn += 7) {
      await load();
      await use(turn);
    }
  });
  return {
    loads: () => loads,
    laterRequests: () => later,
    broken,
    async stop() {
      isOver = true;
      await Promise.all(all);
    },
  };
}
