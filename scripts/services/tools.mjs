// What the tests of real servers need, one entry each. A new one: its name here and in test/services/servers/tools.ts.
import { debianProgram } from "./debian.mjs";
import { goModule, goProgram } from "./go.mjs";
import { npmFolder } from "./npm.mjs";
import { onlyOnPath, onPath } from "./on-path.mjs";
import { findPostgres } from "./postgres.mjs";
import { pythonProgram } from "./python.mjs";

/**
 * A tool: its `name`; `about`, what is done to get it; `queue`: those of one queue wait for each other, because they
 * would wait for the same lock or core anyway; `find()`: where it is, undefined if it is not; `install({ run, say })`.
 */
export function tools(root, lockedNode) {
  return [
    goProgram({
      name: "versitygw",
      source: "github.com/versity/versitygw/cmd/versitygw",
      version: "v1.8.0",
    }),
    pythonProgram({ name: "moto", requirement: "moto[server]==5.2.1", program: "moto_server" }),
    onPath("aws", pythonProgram({ name: "aws", requirement: "awscli==1.46.3", program: "aws" })),
    debianProgram({ name: "chromium", package: "chromium", program: "chromium" }),
    debianProgram({ name: "nginx", package: "nginx", program: "nginx" }),
    debianProgram({ name: "varnish", package: "varnish", program: "varnishd" }),
    debianProgram({ name: "rclone", package: "rclone", program: "rclone" }),
    debianProgram({
      name: "postgres",
      package: "postgresql",
      program: "postgres",
      elsewhere: findPostgres,
    }),
    onlyOnPath("kubectl"),
    goProgram({ name: "kwok", source: "sigs.k8s.io/kwok/cmd/kwok", version: "v0.8.0" }),
    goProgram({ name: "helm", source: "helm.sh/helm/v4/cmd/helm", version: "v4.3.1" }),
    goModule({
      name: "control-plane",
      from: "test/services/kubernetes/control-plane",
      root,
      takes: "about six minutes",
    }),
    npmFolder({ name: "vite", from: "test/services/vite", root, lockedNode }),
    npmFolder({ name: "ponder", from: "test/services/ponder/app", root, lockedNode }),
  ];
}
