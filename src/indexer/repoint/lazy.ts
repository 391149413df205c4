/** What is loaded when it is needed, in one small file for the reason in `src/chain/lazy.ts`. */

export const loadYaml = async () => await import("yaml");
