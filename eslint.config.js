// What the compiler cannot see: which folder may import which, where printing is allowed, and how loosely
// a type may be treated (not at all).
import { readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";

import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const root = import.meta.dirname;

// ---- Arrows -------------------------------------------------------------------------------------------
// tasks -> recovery -> (chain | frontend | indexer | platform) -> step. What is not named here is free.

const middle = ["src/chain", "src/frontend", "src/indexer", "src/platform"];
const top = ["tasks", "src/index.ts", "src/drill"];

/** Who may import a folder, apart from itself. */
const mayImport = {
  tasks: ["src/index.ts", "src/describe"],
  "src/describe": ["src/index.ts"],
  "src/view": ["tasks", "src/drill"],
  "src/drill": ["tasks", "src/view"],
  "src/recovery": [...top, "src/view"],
  ...Object.fromEntries(
    middle.map((folder) => [folder, [...top, "src/view", "src/recovery", "src/evidence"]]),
  ),
};

const outside = ["test", "bench", "scripts", "dist"];

function isIn(folder, path) {
  return path === folder || path.startsWith(`${folder}/`) || path.startsWith(`${folder}.`);
}

function onEveryImport(check) {
  const visit = (node) => check(node.source);
  return {
    ImportDeclaration: visit,
    ImportExpression: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    TSImportType: visit,
  };
}

const arrows = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      arrow:
        "{{from}} must not import {{folder}}/: only {{allowed}} may. What crosses goes as data in the plan.",
      outside: "{{from}} must not import {{folder}}/: it is not part of the plugin.",
    },
  },
  create(context) {
    const from = relative(root, context.filename).split(sep).join("/");

    function check(source) {
      if (source?.type !== "Literal" || !String(source.value).startsWith(".")) return;
      const to = relative(root, resolve(dirname(context.filename), String(source.value)))
        .split(sep)
        .join("/");

      for (const folder of outside) {
        if (isIn(folder, to)) {
          context.report({ node: source, messageId: "outside", data: { from, folder } });
        }
      }
      for (const [folder, importers] of Object.entries(mayImport)) {
        if (!isIn(folder, to) || isIn(folder, from)) continue;
        if (importers.some((importer) => isIn(importer, from))) continue;
        const allowed = importers.join(", ");
        context.report({ node: source, messageId: "arrow", data: { from, folder, allowed } });
      }
    }

    return onEveryImport(check);
  },
};

// ---- What users have installed ------------------------------------------------------------------------

const manifest = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
const declared = { ...manifest.dependencies, ...manifest.peerDependencies };

/** Here npm lays all packages side by side, so that an import of somebody else's dependency works. For users it may not. */
const declaredDependencies = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      undeclared: "{{name}} is in neither dependencies nor peerDependencies of package.json.",
    },
  },
  create(context) {
    function check(source) {
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const [name] = /^(@[^/]+\/)?[^/]+/.exec(source.value) ?? [];
      if (name === undefined || /^[.#]|:/.test(source.value)) return;
      if (name === manifest.name || Object.hasOwn(declared, name)) return;
      context.report({ node: source, messageId: "undeclared", data: { name } });
    }
    return onEveryImport(check);
  },
};

// ---- Exceptions ---------------------------------------------------------------------------------------

const reasonForException = {
  meta: {
    type: "suggestion",
    schema: [],
    messages: { reason: "Say why, after ` -- `, and name the rule." },
  },
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          if (!/^\s*eslint-disable/.test(comment.value)) continue;
          if (!/^\s*eslint-disable(-\S+)?\s+[@\w][^]*\s--\s+\S/.test(comment.value)) {
            context.report({ loc: comment.loc, messageId: "reason" });
          }
        }
      },
    };
  },
};

const house = {
  rules: {
    arrows,
    "declared-dependencies": declaredDependencies,
    "reason-for-exception": reasonForException,
  },
};

// ---- Imports that cost time ---------------------------------------------------------------------------

// Each takes tens to hundreds of milliseconds to load. `npx hardhat --help`, and a `pause` that needs none
// of them, must not pay for them.
const heavy = [
  "ethers",
  "viem",
  "solc",
  "listr2",
  "pg",
  "yaml",
  "@openzeppelin/*",
  "@aws-sdk/*",
  "@smithy/*",
  "@kubernetes/*",
  "@dbos-inc/*",
  "@electric-sql/*",
  "@shazow/*",
  "@safe-global/*",
  "@nomicfoundation/hardhat-*",
  // Small helpers, which Hardhat has loaded anyway.
  "!@nomicfoundation/hardhat-utils",
  "!@nomicfoundation/hardhat-errors",
];

export default defineConfig(
  globalIgnores([
    "node_modules/",
    "dist/",
    "artifacts/",
    "prebuilt/",
    "cache/",
    "types/",
    "coverage/",
    ".emergency/",
  ]),
  {
    linterOptions: {
      reportUnusedDisableDirectives: "error",
      reportUnusedInlineConfigs: "error",
    },
    plugins: { house },
    rules: { "house/reason-for-exception": "error" },
  },

  // Everything in JavaScript runs before there are types: the bootstrap, and this file.
  {
    files: ["**/*.{js,mjs}"],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", URL: "readonly" },
    },
  },

  // This one runs inside CloudFront, which calls `handler` by its name.
  {
    files: ["src/frontend/cloudfront/viewer-request.js"],
    rules: { "no-unused-vars": ["error", { varsIgnorePattern: "^handler$" }] },
  },

  {
    files: ["**/*.ts"],
    extends: [
      js.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: root },
    },
    rules: {
      // `as const` is always allowed: it makes a type narrower, never different.
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-console": "error",
      eqeqeq: "error",
    },
  },

  {
    files: ["src/**/*.ts", "tasks/**/*.ts"],
    rules: {
      "house/arrows": "error",
      "house/declared-dependencies": "error",
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: heavy,
              allowTypeImports: true,
              message: "Import it where it is used: `await import(...)`, or `import type`.",
            },
          ],
        },
      ],
      "no-restricted-properties": [
        "error",
        ...["stdout", "stderr"].map((property) => ({
          object: "process",
          property,
          message: "Only src/view prints.",
        })),
      ],
    },
  },

  {
    files: ["src/view/**/*.ts"],
    rules: { "no-console": "off", "no-restricted-properties": "off" },
  },
  {
    files: ["bench/**/*.ts"],
    rules: { "no-console": "off" },
  },

  {
    files: ["test/**/*.ts"],
    rules: {
      // `expect(x).to.be.true` is a call in disguise.
      "@typescript-eslint/no-unused-expressions": "off",
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "MemberExpression[object.name=/^(describe|context|it|specify)$/][property.name=/^(only|skip)$/]",
          message: "A test that does not run proves nothing.",
        },
        {
          selector:
            "CallExpression[callee.object.type='ThisExpression'][callee.property.name='skip']",
          message: "A test that does not run proves nothing.",
        },
      ],
    },
  },
);
