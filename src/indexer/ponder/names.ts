/** A name as SQL has it: `"my ""table"""`. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table or view with its schema, as SQL has it. */
export function quotedIn(schema: string, name: string): string {
  return `${quoted(schema)}.${quoted(name)}`;
}

/** A text as SQL has it, whatever is in it. */
export function literal(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return text.includes("\\") ? ` E'${escaped.replaceAll("\\", "\\\\")}'` : `'${escaped}'`;
}
