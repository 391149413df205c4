import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

import { InstallError } from "../group.mjs";

/** A tool of the machine if it has it on PATH, else one that is installed. Its version must not matter. */
export function onPath(program, otherwise) {
  return { ...otherwise, find: () => findProgram(program) ?? otherwise.find() };
}

/** A tool that the machine has, or not: there is no package of it that every machine could have. */
export function onlyOnPath(program) {
  return {
    name: program,
    about: "looked for on PATH",
    queue: program,
    find: () => findProgram(program),
    install: async () => {
      throw new InstallError(`${program} is not on PATH`);
    },
  };
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
