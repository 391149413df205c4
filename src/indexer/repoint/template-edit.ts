import type { Json, JsonObject } from "../../json.js";
import { isJsonObject } from "../kubernetes/template.js";
import type { ObjectRef } from "./config-object.js";
import type { ContainerName } from "./places.js";

/** What changes in a pod template. */
export interface TemplateEdit {
  /** Null: without the variable. */
  readonly variables: readonly {
    readonly container: ContainerName;
    readonly name: string;
    readonly value: string | null;
  }[];
  /** Objects that are read from now on instead of others. */
  readonly renamed: readonly { readonly object: ObjectRef; readonly to: string }[];
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * A pod template with other variables, references and annotations. All else stays as it is, and what it does
 * not have stays away: the same edit goes over what was last applied. Pure.
 */
export function editTemplate(template: JsonObject, edit: TemplateEdit): JsonObject {
  const spec = asObject(template.spec);
  const metadata = asObject(template.metadata);
  const annotations = { ...asObject(metadata.annotations), ...edit.annotations };
  return {
    ...template,
    ...(Object.keys(annotations).length === 0 ? {} : { metadata: { ...metadata, annotations } }),
    spec: renamedIn(
      {
        ...spec,
        ...edited("initContainers", spec.initContainers, edit),
        ...edited("containers", spec.containers, edit),
      },
      edit.renamed,
    ),
  };
}

function edited(
  list: ContainerName["list"],
  containers: Json | undefined,
  { variables }: TemplateEdit,
): JsonObject {
  if (!isList(containers)) {
    return {};
  }
  return {
    [list]: containers.map((container) => {
      const own = variables.filter(
        ({ container: wanted }) =>
          wanted.list === list && isJsonObject(container) && wanted.name === container.name,
      );
      return isJsonObject(container) && own.length > 0
        ? {
            ...container,
            env: own.reduce(withVariable, isList(container.env) ? container.env : []),
          }
        : container;
    }),
  };
}

function withVariable(
  env: readonly Json[],
  { name, value }: TemplateEdit["variables"][number],
): readonly Json[] {
  const isOwn = (variable: Json): boolean => isJsonObject(variable) && variable.name === name;
  if (value === null) {
    return env.filter((variable) => !isOwn(variable));
  }
  return env.some(isOwn)
    ? env.map((variable) => (isOwn(variable) ? { name, value } : variable))
    : [...env, { name, value }];
}

/** With which name each kind of reference names an object. */
const REFERENCES: Readonly<Record<string, readonly [kind: ObjectRef["kind"], field: string]>> = {
  configMapRef: ["ConfigMap", "name"],
  configMapKeyRef: ["ConfigMap", "name"],
  configMap: ["ConfigMap", "name"],
  secretRef: ["Secret", "name"],
  secretKeyRef: ["Secret", "name"],
  secret: ["Secret", "secretName"],
};

function renamedIn(spec: JsonObject, renamed: TemplateEdit["renamed"]): JsonObject {
  if (renamed.length === 0) {
    return spec;
  }
  const inside = (value: Json): Json => {
    if (isList(value)) {
      return value.map(inside);
    }
    return isJsonObject(value)
      ? Object.fromEntries(
          Object.entries(value).map(([key, field]) => [key, inside(reference(key, field))]),
        )
      : value;
  };
  const reference = (key: string, value: Json): Json => {
    const [kind, field] = REFERENCES[key] ?? [];
    if (kind === undefined || field === undefined || !isJsonObject(value)) {
      return value;
    }
    // A projected volume names a Secret as it names a ConfigMap.
    const at = value[field] === undefined ? "name" : field;
    const fresh = renamed.find(({ object }) => object.kind === kind && object.name === value[at]);
    return fresh === undefined ? value : { ...value, [at]: fresh.to };
  };
  return {
    ...spec,
    ...Object.fromEntries(
      ["initContainers", "containers", "volumes"].flatMap((key) => {
        const part = spec[key];
        return part === undefined ? [] : [[key, inside(part)] as const];
      }),
    ),
  };
}

function asObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
