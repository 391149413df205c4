import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A tool of the machine if it has it on PATH, else one that is installed. Its version must not matter. */
export function onPath(program, otherwise) {
  return { ...otherwise, find: () => findProgram(program) ?? otherwise.find() };
}

/** Daemons live where only root looks. */
const forDaemons = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Where a program is; undefined if it is nowhere. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...forDaemons];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
