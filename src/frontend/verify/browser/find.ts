import path from "node:path";

/** A browser's executable, and how it was found. */
export interface FoundBrowser {
  readonly executable: string;
  /** "--browser", "CHROME_PATH", "on the PATH". */
  readonly source: string;
}

/** What looking for a browser needs of the machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isExecutable: (file: string) => Promise<boolean>;
  /** Where Playwright keeps the browser that it has downloaded, whether it has or not. */
  readonly playwright: () => Promise<string | undefined>;
}

/** Variables in which other tools name a browser. */
const VARIABLES = [
  "CHROME_PATH",
  "CHROME_BIN",
  "PUPPETEER_EXECUTABLE_PATH",
  "PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH",
];

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "microsoft-edge",
  "brave-browser",
];

const MAC = ["Google Chrome", "Chromium", "Microsoft Edge", "Brave Browser"].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

const WINDOWS = [
  String.raw`Google\Chrome\Application\chrome.exe`,
  String.raw`Chromium\Application\chrome.exe`,
  String.raw`Microsoft\Edge\Application\msedge.exe`,
];

/** A browser of the Chromium family, or undefined where none is found. */
export async function findBrowser(
  named: string | undefined,
  machine: Machine,
): Promise<FoundBrowser | undefined> {
  for await (const { executable, source } of candidates(named, machine)) {
    if (await machine.isExecutable(executable)) {
      return { executable, source };
    }
  }
  return undefined;
}

async function* candidates(
  named: string | undefined,
  { platform, env, playwright }: Machine,
): AsyncGenerator<FoundBrowser> {
  if (named !== undefined) {
    // Whoever names one does not want another.
    yield { executable: path.resolve(named), source: "--browser" };
    return;
  }
  for (const name of VARIABLES) {
    const executable = env[name];
    if (executable !== undefined && executable !== "") {
      yield { executable, source: name };
    }
  }
  const own = await playwright();
  if (own !== undefined) {
    yield { executable: own, source: "installed by Playwright" };
  }
  if (platform === "win32") {
    for (const folder of [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA]) {
      for (const file of folder === undefined ? [] : WINDOWS) {
        yield { executable: path.win32.join(folder ?? "", file), source: "installed" };
      }
    }
    return;
  }
  for (const folder of (env.PATH ?? "").split(":").filter((one) => one !== "")) {
    for (const name of NAMES) {
      yield { executable: path.posix.join(folder, name), source: "on the PATH" };
    }
  }
  for (const executable of platform === "darwin" ? MAC : ["/snap/bin/chromium"]) {
    yield { executable, source: "installed" };
  }
}
