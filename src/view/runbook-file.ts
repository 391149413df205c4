import { constants } from "node:fs";
import { access, open, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { EmergencyError, asError, messageOf } from "../errors.js";
import { RUNBOOK_MARK } from "./runbook.js";

/**
 * Checks, before any work is done, that a page can be written to a file: its folder is there, and the
 * file is new or a page that was written before. Nobody's own notes are written over.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export async function checkRunbookFile(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw refused(`there is no folder ${folder}`, `create it: mkdir -p ${folder}`);
  }
  await mustBe(folder, constants.W_OK, `nothing can be written in the folder ${folder}`);
  const there = await stat(file).catch(() => undefined);
  if (there === undefined) {
    return;
  }
  if (!there.isFile()) {
    throw refused(`${file} is there and is no file`, "name a file: --output pausing.md");
  }
  await mustBe(file, constants.R_OK | constants.W_OK, `the file ${file} cannot be written again`);
  if (there.size > 0 && !(await beginsWithMark(file))) {
    throw refused(
      `${file} was not written by this plugin, and is not written over`,
      "name another file, or delete this one",
    );
  }
}

/** Writes a page to a file that {@link checkRunbookFile} has let pass. */
export async function writeRunbook(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    throw refused(
      `the page was not written to ${file}: ${messageOf(error)}`,
      "name another file with --output",
      asError(error),
    );
  }
}

async function mustBe(path: string, mode: number, otherwise: string): Promise<void> {
  try {
    await access(path, mode);
  } catch (error) {
    throw refused(otherwise, "name another file with --output", asError(error));
  }
}

/** Only as much of it is read as the mark is long: the file may be anything. */
async function beginsWithMark(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const mark = Buffer.from(RUNBOOK_MARK, "utf8");
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mark.length), 0, mark.length, 0);
    return bytesRead === mark.length && buffer.equals(mark);
  } finally {
    await handle.close();
  }
}

function refused(what: string, next: string, cause?: Error): EmergencyError {
  return new EmergencyError("BAD_ARGUMENTS", `--output: ${what}`, next, cause);
}
